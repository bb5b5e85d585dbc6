// trotline rerun: jobs once more, with the same packages, code, data and seed; or what of that cannot be had, and what still could be
// done. Of a job of this server, or of a bundle from anywhere.
import { BUNDLE_BYTES, type Bundle, type Job, RERUN_DIFFERENCES, type RerunDifference } from '@trotline/contracts'
import { type Command, InvalidArgumentError } from 'commander'
import type { Act } from '../act.ts'
import { newKey } from '../api/keys.ts'
import { sendOnce, shellLine } from '../api/send-once.ts'
import { readBundle } from '../bundle/read-bundle.ts'
import type { Context } from '../context.ts'
import { each, exitOfSeveral } from '../each-job.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { seeAll } from '../follow/see-all.ts'
import { seeThrough } from '../follow/see-through.ts'
import { withExamples } from '../help.ts'
import { readBytes } from '../request/read-text.ts'
import { nextText } from '../text/ending-text.ts'
import { acceptedAgainText, weightsText } from '../text/rerun-text.ts'

type Options = {
  name?: string
  cluster?: string
  partition?: string
  gpuType?: string
  account?: string
  qos?: string
  accept: RerunDifference[]
  follow?: boolean
  idempotencyKey?: string
}

export function declareRerun(program: Command, act: Act): void {
  const command = program
    .command('rerun')
    .description('runs jobs once more: same packages, code, data and seed, or says what cannot be had')
    .argument(
      '<JOB|BUNDLE.tgz...>',
      'ids, names, beginnings of ids, or last; or bundles from anywhere; - reads one from stdin',
    )
    .option('--cluster <name>', 'elsewhere')
    .option('--partition <partition>', 'elsewhere')
    .option('--gpu-type <type>', 'of another type; any takes any GPU of the partition')
    .option('--account <account>', 'on another cluster: who pays there')
    .option('--qos <qos>', 'on another cluster')
    .option(
      '--accept <what>',
      `what may be another one: ${RERUN_DIFFERENCES.join(', ')} (several with commas)`,
      (text, all: RerunDifference[]) => [...all, ...differencesOf(text)],
      [],
    )
    .option('--name <name>', 'the name of the new job')
    .option('--follow', 'stay until it ends; of one job: tell whether its weights are the same')
    .option('--idempotency-key <key>', 'take up an earlier rerun whose answer was lost')
    .action(act(rerun))
  withExamples(command, [
    ['trotline rerun k3v9 --follow', ''],
    ['trotline rerun k3v9 --accept release,driver', 'it may come out otherwise, and the new job says why'],
    ['trotline rerun bundle.tgz --cluster bluecrab --partition gpu', 'on another installation'],
  ])
}

function differencesOf(text: string): RerunDifference[] {
  return text.split(',').map(word => {
    const known = RERUN_DIFFERENCES.find(one => one === word.trim())
    if (known === undefined) throw new InvalidArgumentError(`It is one of ${RERUN_DIFFERENCES.join(', ')}.`)
    return known
  })
}

/** A job's name may end so, too: it has an id then. */
const isBundle = (wanted: string): boolean => wanted === '-' || /\.(?:tgz|tar\.gz)$/.test(wanted)

async function rerun(context: Context, words: string[], options: Options): Promise<ExitCode> {
  const { out } = context
  const [only = ''] = words
  if (words.length === 1) {
    const { job, again } = await once(context, only, options)
    if (options.follow !== true) {
      out.say(nextText([`trotline wait ${job.id}`, `trotline logs ${job.id} --follow`], out.sayStyle))
      return EXIT.done
    }
    const exit = await seeThrough(context, job, { ending: 'said' })
    if (exit === EXIT.done && !out.json) {
      const before = again.bundle === null ? (await context.client.job(again.id)).result : again.bundle.result
      const text = weightsText((await context.client.job(job.id)).result, before, again.id, out.sayStyle)
      if (text !== null) out.say(text)
    }
    return exit
  }
  if (options.name !== undefined || options.idempotencyKey !== undefined)
    throw new CliError('USAGE', '--name and --idempotency-key are of one job.', { failed: 'Not run again' })
  const jobs: Job[] = []
  const exit = await each(context, words, null, async word => {
    jobs.push((await once(context, word, options)).job)
    return EXIT.done
  })
  if (jobs.length === 0) return exit
  if (options.follow === true) return exitOfSeveral([exit, await seeAll(context, jobs, null)])
  out.say(nextText([`trotline wait ${jobs.map(({ id }) => id).join(' ')}`], out.sayStyle))
  return exit
}

/** @returns the new job, and what it is again */
async function once(context: Context, wanted: string, options: Options) {
  const { client, out } = context
  const key = options.idempotencyKey ?? newKey()
  const bundle = isBundle(wanted) ? await bundleOf(context, wanted) : null
  const id = bundle === null ? await findJob(context, wanted) : bundle.job
  const wish = wishOf(options)
  const send = (): Promise<Job> =>
    bundle === null ? client.reruns.ofJob(id, wish, key) : client.reruns.ofBundle(bundle, wish, key)
  const line = shellLine(['trotline', 'rerun', wanted, ...flagsOf(options), '--idempotency-key', key])
  const job = await sendOnce(context, send, line).catch(error => {
    throw explained(error, wanted, options)
  })
  if (out.json) await out.answerLine(job)
  else if (out.answerIsTerminal && !out.quiet) await out.answer(acceptedAgainText(job, id, out.answerStyle))
  else {
    out.say(acceptedAgainText(job, id, out.sayStyle))
    await out.answer(`${job.id}\n`)
  }
  return { job, again: { id, bundle } }
}

/** Packed it is smaller than unpacked, or it is none of ours. */
async function bundleOf(context: Context, file: string): Promise<Bundle> {
  const bytes = await readBytes(file, context.stdin, { most: BUNDLE_BYTES, failed: 'Not run again' })
  try {
    return readBundle(bytes, file === '-' ? 'stdin' : file)
  } catch (error) {
    throw error instanceof CliError ? error.with({ failed: 'Not run again' }) : error
  }
}

function wishOf({ name, cluster, partition, gpuType, account, qos, accept }: Options) {
  const given = { name, cluster, partition, account, qos }
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(gpuType === undefined ? {} : { gpuType: gpuType === 'any' ? null : gpuType }),
    accept: [...new Set(accept)],
  }
}

function flagsOf(options: Options): string[] {
  const flag = (name: string, value: string | undefined): string[] => (value === undefined ? [] : [name, value])
  return [
    ...flag('--cluster', options.cluster),
    ...flag('--partition', options.partition),
    ...flag('--gpu-type', options.gpuType),
    ...flag('--account', options.account),
    ...flag('--qos', options.qos),
    ...flag('--accept', options.accept.length === 0 ? undefined : options.accept.join(',')),
    ...flag('--name', options.name),
    ...(options.follow === true ? ['--follow'] : []),
  ]
}

/** The server speaks of fields; here the flag that does the same is named, where one does. */
function explained(error: unknown, wanted: string, options: Options): unknown {
  if (!(error instanceof CliError) || error.code === 'INTERRUPTED') return error
  const findings = error.problem?.code === 'not-reproducible' ? (error.problem.findings ?? []) : []
  const acceptable = findings.map(({ pointer }) => RERUN_DIFFERENCES.find(one => pointer.endsWith(`/${one}`)))
  const all = acceptable.filter(one => one !== undefined)
  if (all.length === 0 || all.length < findings.length) return error.with({ failed: 'Not run again' })
  const accept = [...new Set([...options.accept, ...all])]
  const again = shellLine(['trotline', 'rerun', wanted, ...flagsOf({ ...options, accept })])
  return error.with({ failed: 'Not run again', fix: [again] })
}
