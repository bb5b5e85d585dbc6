// Exactly-once submission. One remote step for one order or many, safe to repeat after any cut, crash or lost answer. For each order:
//
//   receipt-<n>.json there                    -> known (one that is cut off was never answered, and counts as none)
//   refused-<n> there                         -> refused (final for this submission number; ask again with the next)
//   tried-<n> there, or triedSecondsAgo given -> squeue and sacct are asked by name, fence files are looked for
//       one found                             -> found, the receipt is written
//       one could not be asked                -> SLURM_UNREACHABLE; sbatch is not reached
//       absent, before the try's deadline     -> wait: an sbatch that nobody watches may still hand the job over
//       after it, a second look is taken 2 s later (none without tried-<n>); then, where it is absent still:
//       no accounting, MinJobAge over         -> unknowable: nobody can tell; hold, never submit again
//   cancelled there                           -> cancelled
//   mode 'look'                               -> absent
//   a file, or all of it, missing or different -> SLURM_FILES_DAMAGED; wait, where an sbatch of triedSecondsAgo may be on its way
//   else: tried-<n>[.2, .3 ...] is created exclusively, sbatch runs under a time limit; an id -> receipt, new;
//       Slurm's refusal -> refused-<n>; a limit of the site -> limited, and tried-<n> is removed again;
//       anything else -> SLURM_UNREACHABLE, and the next call starts at "tried"; not-tried: the same, and there is no claim
//
// sbatch runs for one order after another, in order; the next is started meanwhile, and waits for its script. A claim (tried-*) is on the disk before its sbatch, a receipt before its answer; one
// sync serves many. Orders that have been tried, or whose lock somebody holds, come last, so that they keep no other waiting. What
// befalls an order is its own, with two exceptions: when nobody at Slurm answers, or an sbatch hangs, the rest is not tried; and what
// one order learns of a limit goes for those that ask the same of Slurm.
//
// Files of the job directory that belong to this step: lock, tried-*, receipt-*, refused-*. It reads: cancelled, runs/<n>-*/fence
// (in which "slurmJobId" names the Slurm job), and the files it was given the hashes of.
// The step outlives its connection (setsid), and sbatch inherits the locks of its step, so an sbatch whose step was killed keeps others
// waiting; it is ended soon after (watch_over in commands/sbatch-step.ts).
import { excerpt, SlurmError, type SlurmErrorDetails } from './errors.ts'
import { ANSWER_PREFIX, SUBMIT_ONCE_STEP } from './submit-once-step.ts'
import type { CommandResult } from './transport.ts'

export interface SubmitOrder {
  /** The job directory on the cluster, absolute. */
  readonly directory: string
  /** Counts the submissions of one job: 1, 2, ... The same number always gets the same answer. */
  readonly submission: number
  /** The Slurm job name: unique per job and submission, from [A-Za-z0-9._-]. It is the key of every look-up. */
  readonly name: string
  /** Relative to the directory. */
  readonly scriptFile: string
  /** What must have arrived before sbatch may run; the script should be among it. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[]
  /** 'look' never submits. */
  readonly mode: 'submit' | 'look'
  /**
   * How long ago, in whole seconds, an earlier call may have begun whose answer is not known; absent: there was none. Then Slurm
   * is asked by name even where the directory tells of no try: it, or some of its files, may have been lost since.
   */
  readonly triedSecondsAgo?: number
}

export type SubmitOutcome =
  | { readonly kind: 'submitted'; readonly slurmJobId: string; readonly how: 'new' | 'found' | 'known' }
  /** Slurm's own words. */
  | { readonly kind: 'refused'; readonly message: string }
  /** A limit of the site is reached (QOSMaxSubmitJobPerUserLimit, MaxJobCount ...): no job was made; ask again later. */
  | { readonly kind: 'limited'; readonly limit: string; readonly message: string }
  | { readonly kind: 'cancelled' }
  /** There is no job of this name, and no receipt (mode 'look' only). */
  | { readonly kind: 'absent' }
  /** Ask again after that long: an earlier try may still reach Slurm. */
  | { readonly kind: 'wait'; readonly waitMs: number }
  /** Nobody can tell any more whether a job exists. Never submit again by yourself. */
  | { readonly kind: 'unknowable'; readonly message: string }

export interface SubmitLimits {
  readonly user: string
  readonly slurmBinDirectory: string | null
  readonly lockWaitSeconds: number
  readonly queryLimitSeconds: number
  readonly sbatchLimitSeconds: number
  /** How long after its sbatch was given up a submission may still appear. */
  readonly settleSeconds: number
  /** After this the step starts no further sbatch; orders that are left are told so. */
  readonly startWithinSeconds: number
}

/** The remote shell takes a command as one argument, of which Linux allows 128 KiB; the step itself needs some 24. */
const MAX_ORDERS_CHARACTERS = 96 * 1024
const MAX_ORDERS = 200
/** A quote becomes four characters in shell text. */
const quotesIn = (word: string): number => word.split("'").length - 1

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** The orders of each step, in order. */
export function submitSteps(orders: readonly SubmitOrder[]): SubmitOrder[][] {
  const steps: SubmitOrder[][] = []
  let room = 0
  for (const order of orders) {
    const characters = wordsOf(order).reduce((sum, word) => sum + word.length + 3 + 3 * quotesIn(word), 0)
    const last = steps.at(-1)
    if (last && last.length < MAX_ORDERS && characters <= room) last.push(order)
    else {
      steps.push([order])
      room = MAX_ORDERS_CHARACTERS
    }
    room -= characters
  }
  return steps
}

/** @throws TypeError for a name, submission or hash that is not from its alphabet, or a name that is there twice. */
export function submitCommand(orders: readonly SubmitOrder[], limits: SubmitLimits): string[] {
  if (new Set(orders.map(({ name }) => name)).size < orders.length) throw new TypeError('two orders of one name')
  const { user, slurmBinDirectory, lockWaitSeconds, queryLimitSeconds, sbatchLimitSeconds, settleSeconds } = limits
  const numbers = [lockWaitSeconds, queryLimitSeconds, sbatchLimitSeconds, settleSeconds, limits.startWithinSeconds]
  const words = [user, slurmBinDirectory ?? '', ...numbers.map(String), ...orders.flatMap(wordsOf)]
  // --wait: as the leader of its group setsid would fork, and the exit status would be that of the parent.
  return ['setsid', '--wait', 'bash', '--norc', '-c', SUBMIT_ONCE_STEP, 'submit-once', ...words]
}

function wordsOf(order: SubmitOrder): string[] {
  const { directory, submission, name, scriptFile, files, mode, triedSecondsAgo: ago } = order
  if (!NAME.test(name)) throw new TypeError(`not a job name of ours: ${JSON.stringify(name)}`)
  if (!Number.isSafeInteger(submission) || submission < 1) throw new TypeError('submissions count from 1')
  if (ago !== undefined && (!Number.isSafeInteger(ago) || ago < 0)) throw new TypeError('an age is in whole seconds')
  if (!NAME.test(scriptFile)) throw new TypeError(`not a script name of ours: ${JSON.stringify(scriptFile)}`)
  for (const { sha256 } of files) if (!/^[0-9a-f]{64}$/.test(sha256)) throw new TypeError('a sha256 has 64 hex digits')
  const sums = files.map(({ path, sha256 }) => sumLine(sha256, `${directory}/${path}`))
  return [directory, String(submission), name, mode, String(ago ?? ''), scriptFile, sums.join('')]
}

/** As sha256sum prints it, and reads it again: a name that holds a backslash or a line end is escaped, and the line says so. */
function sumLine(sha256: string, path: string): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}\n`
}

/** One for each of `count` orders; an order without a readable answer of its own is SLURM_UNREADABLE. */
export function parseSubmit(result: CommandResult, count: number): (SubmitOutcome | SlurmError)[] {
  const { stdout, stderr, exitCode, signal } = result
  const details = { exitCode, signal, stdout: excerpt(stdout), stderr: excerpt(stderr) }
  const answers = new Map<string, string[]>()
  // What follows the last line end is cut off.
  for (const line of stdout.split('\n').slice(0, -1)) {
    const { order, answer } = answerIn(line) ?? {}
    if (order !== undefined && answer !== undefined) answers.set(order, [...(answers.get(order) ?? []), answer])
  }
  return Array.from({ length: count }, (_, at) => {
    const [answer, ...more] = answers.get(String(at)) ?? []
    const outcome = answer === undefined || more.length > 0 ? null : readAnswer(answer, details)
    return (
      outcome ??
      new SlurmError('SLURM_UNREADABLE', { message: 'the submission step gave no answer of its own', details })
    )
  })
}

/** The job that a line of the step tells of, while the step goes on: its order's place, and what became of it. */
export function submittedIn(line: string): { at: number; outcome: SubmitOutcome } | null {
  const { order, answer } = answerIn(line) ?? {}
  if (order === undefined || answer === undefined || !/^\d+$/.test(order)) return null
  const outcome = readAnswer(answer, {})
  return outcome === null || outcome instanceof SlurmError || outcome.kind !== 'submitted'
    ? null
    : { at: Number(order), outcome }
}

function answerIn(line: string): { order: string; answer: string } | null {
  if (!line.startsWith(ANSWER_PREFIX)) return null
  const [order = '', ...answer] = line.slice(ANSWER_PREFIX.length).split(' ')
  return { order, answer: answer.join(' ') }
}

const notTried = true

/** There is no job of this order, surely: its sbatch was not run, and none of an earlier call had made one. */
export const wasNotTried = (error: SlurmError): boolean => error.details.notTried === notTried

function readAnswer(answer: string, details: SlurmErrorDetails): SubmitOutcome | SlurmError | null {
  const [, kind = '', rest = ''] = /^([a-z-]+)(?: (.+))?$/.exec(answer) ?? []
  const message = rest.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character)).trim()
  switch (kind) {
    case 'new':
    case 'found':
    case 'known':
      return /^\d+$/.test(rest) ? { kind: 'submitted', slurmJobId: rest, how: kind } : null
    case 'wait':
      return /^\d+$/.test(rest) ? { kind, waitMs: Number(rest) } : null
    case 'refused':
    case 'unknowable':
      return rest ? { kind, message } : null
    case 'limited': {
      const [, limit, words] = /^(\w+) (.+)$/s.exec(message) ?? []
      return limit && words ? { kind, limit, message: words } : null
    }
    case 'cancelled':
    case 'absent':
      return rest ? null : { kind }
    case 'damaged':
      return new SlurmError('SLURM_FILES_DAMAGED', { message, details })
    case 'busy':
      return new SlurmError('SLURM_STEP_BUSY', { details })
    case 'could-not-ask':
      return new SlurmError('SLURM_UNREACHABLE', { message, details })
    case 'not-tried':
      return new SlurmError('SLURM_UNREACHABLE', {
        message: `not tried: ${message}`,
        details: { ...details, notTried },
      })
    default:
      return null
  }
}
