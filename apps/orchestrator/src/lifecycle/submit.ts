// prepared -> pending: exactly-once sbatch, for many jobs of one identity in one remote step. packages/slurm's step does the
// deciding on the cluster; here its answers become moves, and every intent is made durable before the step may run.
import { FILES } from '@trotline/contracts'
import { SlurmError, type SubmitOrder, type SubmitOutcome, wasNotTried } from '@trotline/slurm'
import type { JobFile } from '../clusters/bring.ts'
import { slurmNameOf } from '../clusters/layout.ts'
import { pausedError } from '../clusters/paused.ts'
import { isCoded, OrchestratorError } from '../errors.ts'
import type { JobRecord } from '../store/record.ts'
import type { BackPressure, SiteLimit } from './back-pressure.ts'
import { placeOf, type StageContext } from './context.ts'
import { failure } from './failures.ts'
import { hashesOf, jobFiles } from './job-files.ts'
import { cancelled, cancelledUnsubmitted, failed, submitted, submitting } from './machine.ts'
import { environmentGate } from './materialise-jobs.ts'
import type { Keep, Outcome, Result } from './outcome.ts'
import { bring } from './prepare.ts'

/** A job on its way through the step: its record as stored, and its files. */
interface Candidate {
  job: JobRecord
  files: JobFile[]
  mode: SubmitOrder['mode']
  /** The intent of an earlier batch, whose step may have submitted it. */
  meantAt: string | null
}

type Chosen = Omit<Candidate, 'files'>

/** @param jobs all of one identity, in order of acceptance */
export async function submit(
  jobs: readonly JobRecord[],
  context: StageContext,
  pressure: BackPressure,
  keep: Keep,
): Promise<Result[]> {
  context.crash('submit:before-intent')
  const results: Result[] = []
  const settle = (job: JobRecord, outcome: Outcome): void => void results.push({ job, outcome })

  const wanted = await inTheirEnvironments(await choose(jobs, settle, context, pressure), settle, context)
  const ready = await withFiles(wanted, settle, context)
  const meant = await storeIntents(await withinCeilings(ready, settle, context), settle, context)
  if (meant.length > 0) {
    context.crash('submit:after-intent')
    const answers = await step(await markCancelled(meant, settle, context), context, (candidate, answer) => {
      context.crash('submit:after-sbatch')
      keep({ job: candidate.job, outcome: outcomeOf(candidate, answer, context, undefined) })
    })
    context.crash('submit:after-sbatch')
    const nowMs = context.now().getTime()
    const limited = pressure.told(answers.flatMap(toldBy), nowMs)
    for (const { candidate, answer } of answers) {
      const untilMs = limited.get(candidate.job.id)
      settle(asLeft(candidate, answer), outcomeOf(candidate, answer, context, untilMs))
    }
  }
  // Whom a pause met on the way waits for its end like those that found it there, and is woken in the same order.
  for (const { job, outcome } of results)
    if ('failed' in outcome && isPause(outcome.failed)) pressure.pause(job, context.now().getTime())
  return results
}

const isPause = (error: unknown): boolean => isCoded(error) && error.code === 'CLUSTER_PAUSED'

type Settle = (job: JobRecord, outcome: Outcome) => void

/** Who may go to Slurm now, and what for. The others are settled. */
async function choose(
  jobs: readonly JobRecord[],
  settle: Settle,
  context: StageContext,
  pressure: BackPressure,
): Promise<Chosen[]> {
  const { cluster } = context
  const paused = await cluster.paused()
  const nowMs = context.now().getTime()
  const othersFirst = paused === null && pressure.anyPaused
  if (othersFirst) pressure.resume()
  return jobs.flatMap((job): Chosen[] => {
    const wishedAway = job.cancelRequestedAt !== null
    const meantAt = job.inner.submitIntentAt
    const mayBeInSlurm = meantAt !== null
    if (wishedAway && !mayBeInSlurm) {
      const at = context.now().toISOString()
      settle(job, cancelledUnsubmitted(job, at, 'It was cancelled before it was submitted.'))
      return []
    }
    // A look submits nothing: it is taken whatever the cluster lets in.
    if (wishedAway) return [{ job, mode: 'look', meantAt }]
    if (paused !== null) {
      const untilMs = pressure.pause(job, nowMs)
      if (mayBeInSlurm) return [{ job, mode: 'look', meantAt }]
      settle(job, { failed: pausedError(cluster.settings.name, paused), untilMs })
      return []
    }
    if (othersFirst) {
      const untilMs = Math.min(job.inner.dueAt ?? nowMs, nowMs)
      settle(job, { untilMs, why: 'Others have waited longer for the end of the pause.' })
      return []
    }
    const limit = pressure.admit(job, nowMs)
    if (limit === null) return [{ job, mode: 'submit', meantAt }]
    settle(job, { failed: limitError(limit), untilMs: limit.untilMs })
    return []
  })
}

/** What was moved aside or given up since the job was prepared is waited for. One that may be in Slurm is looked up all the same. */
async function inTheirEnvironments(
  wanted: readonly Chosen[],
  settle: Settle,
  context: StageContext,
): Promise<Chosen[]> {
  const fresh = wanted.filter(({ mode, meantAt }) => mode === 'submit' && meantAt === null)
  const waits = await environmentGate(
    fresh.map(({ job }) => job),
    context,
  )
  return wanted.filter(({ job }) => {
    const outcome = waits.get(job.id)
    if (outcome !== undefined) settle(job, outcome)
    return outcome === undefined
  })
}

async function withFiles(wanted: readonly Chosen[], settle: Settle, context: StageContext): Promise<Candidate[]> {
  return each(wanted, async one => ({ ...one, files: await jobFiles(one.job, context) }), settle)
}

/** Those beyond what the cluster's ceilings let through now come again at once, and wait there. That can take minutes. */
async function withinCeilings(
  candidates: readonly Candidate[],
  settle: Settle,
  context: StageContext,
): Promise<Candidate[]> {
  const [first] = candidates
  const wanted = candidates.filter(({ mode }) => mode === 'submit')
  if (first === undefined || wanted.length === 0) return [...candidates]
  let granted: number
  try {
    granted = await placeOf(first.job, context).access.reserveSubmissions(wanted.length)
    // Paused while they waited: they come again, and are told so.
    if ((await context.cluster.paused()) !== null) granted = 0
  } catch (error) {
    for (const { job } of wanted) settle(job, { failed: error })
    return candidates.filter(({ mode }) => mode !== 'submit')
  }
  const later = new Set(wanted.slice(granted))
  const untilMs = context.now().getTime()
  for (const { job } of later) settle(job, { untilMs, why: 'Beyond the ceiling, or paused.' })
  return candidates.filter(candidate => !later.has(candidate))
}

/** Durable before the step may run. A record that changed meanwhile (a cancel) drops out here. */
async function storeIntents(
  candidates: readonly Candidate[],
  settle: Settle,
  context: StageContext,
): Promise<Candidate[]> {
  const at = context.now().toISOString()
  return each(
    candidates,
    async candidate => {
      const { job, files } = candidate
      if (job.inner.submitIntentAt !== null) return candidate
      const script = files.find(file => file.path === FILES.script)?.content ?? ''
      return { ...candidate, job: await context.jobs.commit(job, submitting(job, at, script), [], context.lease()) }
    },
    settle,
  )
}

/** The mark first: a run that starts now obeys it at its fence. */
async function markCancelled(
  candidates: readonly Candidate[],
  settle: Settle,
  context: StageContext,
): Promise<Candidate[]> {
  return each(
    candidates,
    async candidate => {
      const { job } = candidate
      const { access, directory } = placeOf(job, context)
      if (job.cancelRequestedAt !== null)
        await access.transport.put(`${directory}/${FILES.cancelled}`, `${job.cancelRequestedAt}\n`, { mode: 0o600 })
      return candidate
    },
    settle,
  )
}

type Answer = SubmitOutcome | Error

async function step(
  candidates: readonly Candidate[],
  context: StageContext,
  onSubmitted: (candidate: Candidate, answer: SubmitOutcome) => void,
): Promise<{ candidate: Candidate; answer: Answer }[]> {
  const answers = new Map<Candidate, Answer>()
  await ask(candidates)
  // Damaged, or made by another release or configuration of this server: brought again, once; then the ladder.
  const damaged = candidates.filter(candidate => isDamaged(answers.get(candidate)))
  if (damaged.length > 0) {
    try {
      const jobs = damaged.map(({ job }) => job)
      const troubles = await bring(jobs, context)
      for (const candidate of damaged)
        if (troubles.has(candidate.job.id)) answers.set(candidate, asError(troubles.get(candidate.job.id)))
      await ask(damaged.filter(({ job }) => !troubles.has(job.id)))
    } catch (error) {
      for (const candidate of damaged) answers.set(candidate, asError(error))
    }
  }
  return candidates.map(candidate => ({ candidate, answer: answers.get(candidate) ?? new TypeError('no answer') }))

  async function ask(some: readonly Candidate[]): Promise<void> {
    const [first] = some
    if (first === undefined) return
    const { scheduler } = placeOf(first.job, context).access
    const orders = some.map(candidate => orderOf(candidate, context))
    const told = (at: number, outcome: SubmitOutcome): void => {
      const candidate = some[at]
      if (candidate === undefined || isTold(candidate)) return
      answers.set(candidate, outcome)
      onSubmitted(candidate, outcome)
    }
    const found = await scheduler.submitMany(orders, told).catch(error => orders.map(() => asError(error)))
    for (const [i, candidate] of some.entries())
      if (!isTold(candidate)) answers.set(candidate, found[i] ?? new TypeError('no answer'))
  }
  // What was told while the step went on stands, whatever became of the step.
  function isTold(candidate: Candidate): boolean {
    const answer = answers.get(candidate)
    return answer !== undefined && !(answer instanceof Error)
  }
}

function orderOf({ job, files, mode, meantAt }: Candidate, context: StageContext): SubmitOrder {
  // By our own clock: the cluster's may be another.
  const ageMs = meantAt === null ? null : context.now().getTime() - Date.parse(meantAt)
  return {
    directory: placeOf(job, context).directory,
    submission: job.submission,
    name: slurmNameOf(job.id, job.submission),
    scriptFile: FILES.script,
    files: hashesOf(files),
    mode,
    ...(ageMs === null ? {} : { triedSecondsAgo: Math.max(0, Math.floor(ageMs / 1000)) }),
  }
}

/** Where Slurm surely has no job of it, the intent is taken back: the next try has nothing to look up. */
function asLeft({ job, meantAt }: Candidate, answer: Answer): JobRecord {
  const surelyNone =
    answer instanceof SlurmError
      ? wasNotTried(answer) || (meantAt === null && NEVER_BEGAN.has(answer.code))
      : !(answer instanceof Error) && (answer.kind === 'limited' || answer.kind === 'absent')
  return surelyNone ? { ...job, inner: { ...job.inner, submitIntentAt: null } } : job
}

/** Of a step: it was not reached. */
const NEVER_BEGAN = new Set<string>(['SSH_UNREACHABLE', 'SSH_CHANNELS_REFUSED'])

/** What an answer tells about the site's limits: who was limited, and whose place in the line is free. */
function toldBy({ candidate, answer }: { candidate: Candidate; answer: Answer }): {
  job: JobRecord
  limited: SiteLimit | null
}[] {
  if (answer instanceof Error) return []
  if (answer.kind === 'limited') return [{ job: candidate.job, limited: answer }]
  return answer.kind === 'submitted' || answer.kind === 'refused' ? [{ job: candidate.job, limited: null }] : []
}

function outcomeOf(
  { job, mode }: Candidate,
  answer: Answer,
  context: StageContext,
  untilMs: number | undefined,
): Outcome {
  if (answer instanceof Error) return { failed: answer }
  const at = context.now().toISOString()
  switch (answer.kind) {
    case 'submitted': {
      const name = slurmNameOf(job.id, job.submission)
      return submitted(job, at, { slurmJobId: answer.slurmJobId, name, how: answer.how })
    }
    case 'refused': {
      const detail = `Slurm refused it: ${answer.message}`
      return failed(job, at, failure('submission-refused', detail, [`sbatch: ${answer.message}`]), null)
    }
    case 'limited':
      return { failed: limitError(answer), ...(untilMs === undefined ? {} : { untilMs }) }
    case 'absent':
      if (mode === 'look' && job.cancelRequestedAt === null)
        return { failed: pausedError(context.cluster.settings.name, null) }
      return cancelled(job, at, 'It was cancelled before Slurm had it.', ['squeue and sacct do not know its name'])
    case 'cancelled':
      return cancelled(job, at, 'It was cancelled before Slurm had it.', ['squeue and sacct do not know its name'])
    case 'unknowable':
      return { failed: new OrchestratorError('SUBMISSION_UNKNOWABLE', answer.message) }
    case 'wait':
      return { untilMs: context.now().getTime() + answer.waitMs, why: 'An earlier try may still reach Slurm.' }
  }
}

function limitError({ limit, message }: SiteLimit): OrchestratorError {
  // sbatch says the limit's name in a line of its own, and the sentence after it.
  const told = (message.trim().split('\n').at(-1) ?? '').replace(/^sbatch: (error: )?/, '')
  return new OrchestratorError(
    'SITE_LIMIT',
    `Slurm takes no more for now, ${limit}: ${told}; it waits in our queue and goes in as soon as there is room`,
  )
}

const isDamaged = (answer: Answer | undefined): boolean =>
  answer instanceof Error && isCoded(answer) && answer.code === 'SLURM_FILES_DAMAGED'

const asError = (error: unknown): Error => (error instanceof Error ? error : new TypeError(String(error)))

/** For each its own end: whose turn fails is settled, and the others go on, in order. */
async function each<In extends { job: JobRecord }, Out>(
  those: readonly In[],
  turn: (one: In) => Promise<Out>,
  settle: Settle,
): Promise<Out[]> {
  const done = await Promise.all(
    those.map(one =>
      turn(one).then(
        out => [out],
        error => {
          settle(one.job, { failed: error })
          return []
        },
      ),
    ),
  )
  return done.flat()
}
