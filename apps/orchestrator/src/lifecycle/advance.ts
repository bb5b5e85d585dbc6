// One step of some jobs: which stage a job's state waits for, that stage, and what becomes of its outcome.
// A stage can run twice. Whatever interrupts it, the record tells where to go on; tries and next time live in it.
import type { Stage } from '@trotline/contracts'
import { isTerminal } from '@trotline/contracts'
import { isCoded } from '../errors.ts'
import type { JobRecord } from '../store/record.ts'
import { BackPressure, rankOf } from './back-pressure.ts'
import { sendCancel } from './cancel.ts'
import type { StageContext } from './context.ts'
import type { CrashPoint } from './crash-points.ts'
import { afterEnd, finish, runsOf } from './finish.ts'
import { isPatience, triesBefore, waitMs } from './ladder.ts'
import { type Move, tried } from './machine.ts'
import type { Advanced, Failed, Keep, Outcome, Result } from './outcome.ts'
import { prepare } from './prepare.ts'
import { submit } from './submit.ts'

/** What can be done for a job now. `seal`: a crash between the last commit and the sealing left a due time on an ended job. */
export type Step = Exclude<Stage, 'watch'> | 'seal'

export function stepOf(job: JobRecord): Step | null {
  if (isTerminal(job.state)) return job.inner.dueAt === null ? null : 'seal'
  if (job.hold !== null) return null
  switch (job.state) {
    case 'accepted':
      return 'prepare'
    case 'prepared':
      return 'submit'
    case 'finishing':
      return 'finish'
    case 'pending':
    case 'running':
      return job.cancelRequestedAt === null ? null : 'cancel'
    default:
      return null
  }
}

export const isDue = (job: JobRecord, nowMs: number): boolean => job.inner.dueAt !== null && job.inner.dueAt <= nowMs

/** One job, as far as one step goes. */
export async function advance(id: string, context: StageContext): Promise<Advanced> {
  const job = await context.jobs.read(id)
  const step = stepOf(job)
  if (step === null) return { moved: false, dueAtMs: null }
  if (!isDue(job, context.now().getTime())) return { moved: false, dueAtMs: job.inner.dueAt }
  const done = (await advanceAll(step, [job], context, new BackPressure())).get(id)
  if (done === undefined || done instanceof Error) throw done ?? new TypeError(`job ${id} was not advanced`)
  return done
}

/**
 * The same step for several jobs of one identity. Never throws: what went wrong beyond a recorded try is the job's own error.
 */
export async function advanceAll(
  step: Step,
  jobs: readonly JobRecord[],
  context: StageContext,
  pressure: BackPressure,
): Promise<Map<string, Advanced | Error>> {
  const inOrder = jobs.toSorted((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1))
  const stored = new Map<string, Promise<Advanced | Error>>()
  // What was kept while the others were on their way stands, whatever is said of it at the end.
  const keep = (result: Result): void => {
    if (stored.has(result.job.id)) return
    const storing = storeOne(step, result, context)
    stored.set(result.job.id, storing)
    const point = AFTER_SOME[step]
    // A try that is noted is no part of a batch that was done: a job has to have moved.
    if (point) void storing.then(advanced => !(advanced instanceof Error) && advanced.moved && context.crash(point))
  }
  const results = await run(step, inOrder, context, pressure, keep).catch((error: unknown) =>
    inOrder.map((job): Result => ({ job, outcome: { failed: error } })),
  )
  for (let at = 0; at < results.length; at += STORE_AT_ONCE) {
    const some = results.slice(at, at + STORE_AT_ONCE)
    for (const result of some) keep(result)
    await Promise.all(some.map(({ job }) => stored.get(job.id)))
  }
  const done = new Map<string, Advanced | Error>()
  for (const [id, storing] of stored) done.set(id, await storing)
  if (AFTER_ALL[step]) context.crash(AFTER_ALL[step])
  return done
}

async function run(
  step: Step,
  jobs: readonly JobRecord[],
  context: StageContext,
  pressure: BackPressure,
  keep: Keep,
): Promise<Result[]> {
  switch (step) {
    case 'prepare':
      return prepare(jobs, context)
    case 'submit':
      return submit(jobs, context, pressure, keep)
    case 'finish': {
      const runs = await runsOf(jobs, context)
      await Promise.all(
        jobs.map(async job => keep(await alone(job, heard => finish(job, runs.get(job.id) ?? [], context, heard)))),
      )
      return []
    }
    case 'cancel':
      return Promise.all(
        jobs.map(job => alone(job, async () => ({ next: await sendCancel(job, context), events: [] }))),
      )
    case 'seal':
      return jobs.map(job => ({ job, outcome: { next: job, events: [] } }))
  }
}

/** A stage for one job that may write in between: what fails later fails on the record as it was last stored. */
async function alone(job: JobRecord, stage: (heard: (stored: JobRecord) => void) => Promise<Outcome>): Promise<Result> {
  let current = job
  try {
    const outcome = await stage(stored => {
      current = stored
    })
    return { job: current, outcome }
  } catch (error) {
    return { job: current, outcome: { failed: error } }
  }
}

/** As many commits as go to the store in one go. */
const STORE_AT_ONCE = 32
const AFTER_SOME: Partial<Record<Step, CrashPoint>> = {
  prepare: 'prepare:after-some-stored',
  submit: 'submit:after-some-stored',
}
const AFTER_ALL: Partial<Record<Step, CrashPoint>> = { prepare: 'prepare:after-store', submit: 'submit:after-store' }

const storeOne = (step: Step, result: Result, context: StageContext): Promise<Advanced | Error> =>
  store(step, result, context).catch((error: unknown) =>
    error instanceof Error ? error : new TypeError(String(error)),
  )

async function store(step: Step, { job, outcome }: Result, context: StageContext): Promise<Advanced> {
  if (step === 'seal') {
    await settleEnded(job, context)
    return { moved: false, dueAtMs: null }
  }
  if ('failed' in outcome) return { moved: false, dueAtMs: await recordTry(step, job, outcome, context) }
  if ('untilMs' in outcome) {
    const { untilMs } = outcome
    if (untilMs !== job.inner.dueAt)
      await context.jobs.commit(job, { ...job, inner: { ...job.inner, dueAt: untilMs } }, [], context.lease())
    return { moved: false, dueAtMs: untilMs }
  }
  const stored = await commit(job, outcome, context)
  return stored.state === job.state ? { moved: false, dueAtMs: stored.inner.dueAt } : { moved: true, job: stored }
}

async function commit(job: JobRecord, move: Move, context: StageContext): Promise<JobRecord> {
  const stored = await context.jobs.commit(job, move.next, move.events, context.lease())
  return isTerminal(stored.state) ? settleEnded(stored, context) : stored
}

/** Answers the record as it is then: nothing is due any more, so nobody seals it again. */
async function settleEnded(job: JobRecord, context: StageContext): Promise<JobRecord> {
  await afterEnd(job, context)
  if (job.environment !== null) await context.environments.used(job.environment.lock)
  return context.jobs.commit(job, { ...job, inner: { ...job.inner, dueAt: null } }, [], context.lease())
}

/** A clean stop closes the connection under a stage: that is no try, and least of all a reason to hold the job. */
const NOTHING_ABOUT_THE_JOB = new Set(['LEASE_LOST', 'JOB_STALE_REVISION', 'SSH_CLOSED'])

async function recordTry(
  stage: Stage,
  job: JobRecord,
  { failed: error, untilMs }: Failed,
  context: StageContext,
): Promise<number | null> {
  if (isCoded(error) && NOTHING_ABOUT_THE_JOB.has(error.code)) throw error
  const now = context.now()
  const coded = isCoded(error) ? error : null
  if (coded === null) context.log.error({ err: error, jobId: job.id, stage }, 'a stage failed in a way nobody foresaw')
  else if (!isPatience(coded.code))
    context.log.warn({ jobId: job.id, stage, code: coded.code, detail: coded.message }, 'a stage could not be done now')
  // An error without a code is a bug: it climbs the ladder like a transient fault and then holds the job, visibly.
  const told = {
    code: coded?.code ?? 'BUG',
    detail: coded?.message ?? 'An unexpected fault of the server; its log has it.',
  }
  const wait = waitMs(told.code, coded?.transient ?? true, triesBefore(job.trying, stage, told.code))
  const move = tried(job, now.toISOString(), stage, told, untilMs ?? (wait === null ? null : now.getTime() + wait))
  await context.jobs.commit(job, move.next, move.events, context.lease())
  return move.next.inner.dueAt
}
