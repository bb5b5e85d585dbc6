// What jobs have to do with the environments that they need: they ask for them, wait for them, keep them in use, and tell when one does
// not match its lock any more.
import type { EnvironmentLook, RunResult } from '@trotline/contracts'
import type { ClusterSettings } from '../config.ts'
import type { LeaseClaim } from '../store/job-store.ts'
import type { MaterialisationRecord, MaterialisationStore } from '../store/materialisations.ts'
import type { JobRecord } from '../store/record.ts'
import type { StageContext } from './context.ts'
import { failure } from './failures.ts'
import { failed } from './machine.ts'
import { asked, drifted, wantAgain } from './materialise-moves.ts'
import type { Outcome } from './outcome.ts'

type Record = MaterialisationRecord

export interface JobEnvironments {
  /** null: nobody has asked for it on this cluster. */
  stateOf(lock: string): Promise<Record | null>
  /** Asks for it in the job's name, unless it is there, on its way, or was given up after the job had been accepted. */
  want(lock: string, job: Pick<JobRecord, 'owner' | 'createdAt'>): Promise<Record>
  /** A job is about to begin in it, or has ended. */
  used(lock: string): Promise<void>
  /** A run found it changed, at that time. What was made since is another. */
  drifted(look: EnvironmentLook, job: string, at: string): Promise<void>
  /** A run of that time did not find it at all: it is looked at from here, which may see more than that run's node. */
  missed(lock: string, job: string, at: string): Promise<void>
}

/** A thousand jobs that miss it at once have it looked at once. */
const MISSED_AGAIN_MS = 600_000
/** To the minute: a thousand jobs that end at once write it once. */
const USED_AGAIN_MS = 60_000

export function createJobEnvironments({
  store,
  settings,
  lease,
  now,
}: {
  store: MaterialisationStore
  settings: ClusterSettings
  lease(): LeaseClaim
  now(): Date
}): JobEnvironments {
  const { name, environments } = settings
  return {
    stateOf: lock => store.read(name, lock),
    async want(lock, { owner, createdAt }) {
      const at = now().toISOString()
      const { record } = await store.change(
        name,
        lock,
        current => {
          if (current === null) return asked(name, lock, environments.form, owner.id, at)
          return wasGivenUp(current, createdAt) ? current : wantAgain(current, at, createdAt)
        },
        { lease: lease() },
      )
      if (record === null) throw new TypeError('what was asked for is not there')
      return record
    },
    async used(lock) {
      const at = now()
      await store.change(name, lock, current =>
        current === null || at.getTime() - Date.parse(current.lastUsedAt ?? '1970-01-01T00:00:00Z') < USED_AGAIN_MS
          ? current
          : { ...current, lastUsedAt: at.toISOString() },
      )
    },
    async drifted(look, job, at) {
      await store.change(
        name,
        look.lockId,
        current =>
          current === null || current.state !== 'ready' || (current.madeAt !== null && current.madeAt > at)
            ? current
            : drifted(current, now().toISOString(), look, `Job ${job} found`),
        { lease: lease() },
      )
    },
    async missed(lock, job, at) {
      const nowMs = now().getTime()
      await store.change(
        name,
        lock,
        current => {
          if (current === null || current.state !== 'ready' || (current.madeAt !== null && current.madeAt > at))
            return current
          const { inner, look } = current
          const lookedAt = look?.depth === 'bytes' && nowMs - Date.parse(current.at) < MISSED_AGAIN_MS
          if (lookedAt || inner.wish !== null || inner.doing !== null) return current
          const wish = { kind: 'verify' as const, by: `job ${job}`, at: new Date(nowMs).toISOString() }
          return { ...current, inner: { ...inner, wish, dueAt: 0 } }
        },
        { lease: lease() },
      )
    },
  }
}

/** The worker's word (apps/worker, environment/enter.ts) for an environment that is not where it should be. */
const MISSING = 'environment-missing'

export async function tellMissed(
  { id, environment }: Pick<JobRecord, 'id' | 'environment'>,
  { failure, startedAt }: Pick<RunResult, 'failure' | 'startedAt'>,
  environments: Pick<JobEnvironments, 'missed'>,
): Promise<void> {
  if (environment !== null && failure?.code === MISSING) await environments.missed(environment.lock, id, startedAt)
}

/**
 * Before the job's end is told: it is the last that began in what it found changed, and whoever sees it fail may send the next at once.
 * A run may say what it likes in its result; it says nothing of environments that its job does not run in.
 */
export async function tellDrifted(
  { id, runs, createdAt, environment }: Pick<JobRecord, 'id' | 'runs' | 'createdAt' | 'environment'>,
  environments: Pick<JobEnvironments, 'drifted'>,
): Promise<void> {
  const look = environment?.look ?? null
  if (look === null || look.drift === null || look.lockId !== environment?.lock) return
  await environments.drifted(look, id, runs.at(-1)?.startedAt ?? createdAt)
}

/**
 * May its time be that of its environment, and no other? A further submission also waits out what ended the one before it (attempts.ts), and
 * one that was meant what may still reach Slurm.
 */
export const waitsForEnvironment = ({ environment, trying, submission, inner }: JobRecord): boolean =>
  environment !== null && trying === null && submission === 1 && inner.submitIntentAt === null

const wasGivenUp = ({ state, inner }: Record, createdAt: string): boolean =>
  (state === 'failed' || state === 'cancelled') && inner.gaveUpAt !== null && inner.gaveUpAt >= createdAt

/** A job that waits is woken when there is something new (owner.ts); this is for what got lost. */
const LOOK_AGAIN_MS = 30_000

/** What becomes of jobs whose environment is not ready; those that are not in the answer may go on. */
export async function environmentGate(
  jobs: readonly JobRecord[],
  context: StageContext,
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  const ready = new Set<string>()
  for (const job of jobs) {
    if (job.environment === null || ready.has(job.environment.lock)) continue
    try {
      const record = await context.environments.want(job.environment.lock, job)
      if (record.state === 'ready') {
        ready.add(record.lock)
        continue
      }
      outcomes.set(
        job.id,
        wasGivenUp(record, job.createdAt) ? unmade(job, record, context) : wait(job, record, context),
      )
    } catch (error) {
      outcomes.set(job.id, { failed: error })
    }
  }
  return outcomes
}

function wait(job: JobRecord, { detail }: Record, context: StageContext): Outcome {
  const nowMs = context.now().getTime()
  const { dueAt } = job.inner
  return { untilMs: dueAt !== null && dueAt > nowMs ? dueAt : nowMs + LOOK_AGAIN_MS, why: `Its environment: ${detail}` }
}

function unmade(job: JobRecord, record: Record, context: StageContext): Outcome {
  const at = context.now().toISOString()
  const evidence = [
    `environment ${record.lock}: ${record.state}, attempt ${record.attempt}`,
    ...(record.trouble?.evidence ?? []),
  ]
  return failed(job, at, failure('environment', `Its environment could not be made: ${record.detail}`, evidence), null)
}
