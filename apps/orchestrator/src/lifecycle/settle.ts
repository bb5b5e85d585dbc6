// The jobs that squeue calls over or no longer lists: sacct and the runs' own files are asked too, all of them in one go each,
// and the table in observe.ts decides.
import type { SlurmView } from '@trotline/contracts'
import type { AccountedJob, SlurmFacts, SlurmJob } from '@trotline/slurm'
import type { IdentityAccess } from '../clusters/access.ts'
import { jobDirectoryOf, slurmNameOf } from '../clusters/layout.ts'
import { listRuns, type RunReach } from '../clusters/runs.ts'
import { isCoded } from '../errors.ts'
import type { Ending, JobRecord } from '../store/record.ts'
import type { StageContext } from './context.ts'
import { cancelled, doubted, gaveUp, type Move, over, submitAgain, tried } from './machine.ts'
import { conclude, type Doubt, type Sacct } from './observe.ts'
import { lineOf, rowsByName, squeueOf, viewOf } from './squeue-row.ts'
import { timeLimitPassed } from './time-limit.ts'

export interface Unlisted {
  job: JobRecord
  /** When squeue last listed it as not over, where this owner has seen that. */
  listedAtMs: number | null
}

/** What becomes of each; null: nothing is to be done now. In the order of `unlisted`. */
export async function settleUnlisted(
  access: IdentityAccess,
  unlisted: readonly Unlisted[],
  listed: ReadonlyMap<string, SlurmJob>,
  context: StageContext,
): Promise<(Move | null)[]> {
  const jobs = unlisted.map(({ job }) => job)
  const { workDir } = context.cluster.settings
  const account = await accountOf(access, jobs)
  const runs = await listRuns(
    access.transport,
    jobs.map(job => jobDirectoryOf(workDir, job.identity.unixUser, job.id)),
  )
  const facts = await access.scheduler.facts()
  // Given up before, and in Slurm still: by name, user and id together, as every cancel.
  for (const job of jobs) {
    const row = listed.get(slurmNameOf(job.id, job.submission))
    if (job.inner.givenUp === null || row === undefined || squeueOf(row) !== 'stuck') continue
    await access.scheduler.cancel({ name: row.name, slurmJobId: row.slurmJobId })
  }
  return unlisted.map(({ job, listedAtMs }, i) => {
    const row = listed.get(slurmNameOf(job.id, job.submission))
    const accounted = account.jobs.get(slurmNameOf(job.id, job.submission))
    const newest = (runs[i] ?? []).filter(run => run.run.startsWith(`${job.submission}-`)).at(-1)
    const sacct: Sacct = account.kind !== 'answered' ? account.kind : sacctOf(accounted, row)
    const reach: RunReach = newest?.reached ?? 'none'
    const { resultPatienceMs } = context.cluster.settings
    const doubt = doubtOf(job, listedAtMs, facts, resultPatienceMs, context.now().getTime())
    const conclusion = conclude({ squeue: squeueOf(row), sacct, run: reach }, doubt)
    const evidence = [
      `squeue: ${row ? lineOf(row) : 'does not list it'}`,
      `sacct: ${accounted ? `${accounted.slurmJobId} ${accounted.state.raw} ${exitText(accounted)}` : account.kind === 'answered' ? 'does not know it' : account.kind}`,
      `run: ${newest ? `${newest.run} ${reach}` : 'none'}`,
    ]
    return settleOne(job, conclusion, row, accounted, evidence, context)
  })
}

function settleOne(
  job: JobRecord,
  conclusion: ReturnType<typeof conclude>,
  row: SlurmJob | undefined,
  accounted: AccountedJob | undefined,
  evidence: string[],
  context: StageContext,
): Move | null {
  const at = context.now().toISOString()
  switch (conclusion) {
    case 'nothing':
    case 'pending':
    case 'running':
      return null
    case 'doubt':
      return { next: doubted(job, at), events: [] }
    case 'over': {
      const told = accounted?.state.phase === 'over' && !contradicts(accounted, row) ? accounted : null
      const state = told?.state.raw ?? row?.state.raw ?? 'UNKNOWN'
      const { givenUp } = job.inner
      // Only a CANCELLED is our own doing: what was released after all and ran has an end of its own.
      const takenOut = givenUp !== null && state.startsWith('CANCELLED')
      const ending: Ending =
        takenOut && job.cancelRequestedAt === null
          ? { state: 'LAUNCH_FAILED', exitCode: null, evidence: [...givenUp.evidence, ...evidence], at }
          : { state, exitCode: told ? exitText(told) : null, evidence, at }
      return over(job, at, ending, endedView(job, row, told, at))
    }
    case 'over-by-result':
      return over(job, at, { state: 'RESULT', exitCode: null, evidence, at }, job.slurm)
    case 'submit-again':
      // Held by recover, which found no job directory: what became of it only a person can know.
      if (job.hold?.code === 'JOB_DIRECTORY_GONE') return null
      // Slurm may remember it after all: only the mark of the wished cancel keeps such a run from training.
      if (job.cancelRequestedAt !== null && job.inner.cancelSentAt === null) return null
      return submitAgain(job, at, 'Slurm has forgotten the job; it is submitted again under a new number.', evidence)
    case 'hold': {
      if (job.cancelRequestedAt !== null) {
        // The mark lies in the job directory by then, so a run that starts all the same leaves at its fence.
        const gone = 'It was cancelled as wished. Slurm no longer lists it, and nothing shows that it ever ran.'
        return job.inner.cancelSentAt === null ? null : cancelled(job, at, gone, evidence)
      }
      if (job.hold !== null) return null
      const detail =
        'Slurm no longer lists the job and keeps no accounting, so nobody can tell whether it ran. Look for yourself; release looks again, cancel ends it.'
      return tried(job, at, 'watch', { code: 'JOB_UNACCOUNTED', detail }, null)
    }
    case 'give-up':
      return gaveUp(job, at, evidence)
    case 'lost':
      return over(job, at, { state: 'LOST', exitCode: null, evidence, at }, job.slurm)
  }
}

async function accountOf(
  access: IdentityAccess,
  jobs: readonly JobRecord[],
): Promise<{ kind: 'answered' | 'off' | 'could-not-ask'; jobs: Map<string, AccountedJob> }> {
  const names = jobs.map(job => slurmNameOf(job.id, job.submission))
  try {
    const answer = await access.scheduler.account({ names, since: sinceOf(jobs) })
    if (answer.kind === 'off') return { kind: 'off', jobs: new Map() }
    return { kind: 'answered', jobs: rowsByName(answer.jobs) }
  } catch (error) {
    // Accounting may be away for hours while squeue and the runs' files still settle most jobs.
    if (isCoded(error) && error.transient) return { kind: 'could-not-ask', jobs: new Map() }
    throw error
  }
}

/**
 * Where squeue has another word for the end, sacct is behind, with the row of an earlier start, or slurmdbd has closed the job by itself
 * (NODE_FAIL, for all that a restarted slurmctld did not name at once). slurmctld, which ended it, is believed.
 */
function sacctOf(job: AccountedJob | undefined, row: SlurmJob | undefined): Sacct {
  if (job === undefined) return 'absent'
  return job.state.phase === 'over' && !contradicts(job, row) ? 'over' : 'live'
}

const contradicts = (job: AccountedJob, row: SlurmJob | undefined): boolean =>
  row?.state.phase === 'over' && row.state.word !== job.state.word

/** A day before the oldest of them was accepted: the cluster's clock may differ from ours. */
function sinceOf(jobs: readonly JobRecord[]): string {
  const oldestMs = Math.min(...jobs.map(job => Date.parse(job.createdAt)))
  return new Date(oldestMs - 86_400_000).toISOString()
}

const exitText = (job: AccountedJob): string => `${job.exitCode.code}:${job.exitCode.signal}`

function doubtOf(
  job: JobRecord,
  listedAtMs: number | null,
  facts: SlurmFacts,
  filesHideMs: number,
  nowMs: number,
): Doubt {
  const seenAtMs = Date.parse(job.slurm?.seenAt ?? job.updatedAt)
  const doubtedSinceMs = job.inner.doubt === null ? nowMs : Date.parse(job.inner.doubt.since)
  return {
    ticks: job.inner.doubt?.ticks ?? 0,
    forMs: nowMs - doubtedSinceMs,
    timeLimitPassed: timeLimitPassed(job, facts, { nowMs, startedByMs: doubtedSinceMs }),
    filesHideMs,
    // The record tells when squeue last said something new; this owner knows when it last said anything.
    squeueForgets: nowMs - Math.max(seenAtMs, listedAtMs ?? 0) > facts.minJobAgeSeconds * 1000,
  }
}

function endedView(job: JobRecord, row: SlurmJob | undefined, told: AccountedJob | null, at: string): SlurmView | null {
  if (told === null) return row ? viewOf(row, at) : job.slurm
  return {
    jobId: told.slurmJobId,
    name: told.name,
    state: told.state.raw,
    reason: row?.reason ?? null,
    exitCode: exitText(told),
    nodes: told.nodeList || null,
    submitTime: told.submitAt,
    startTime: told.startAt,
    endTime: told.endAt,
    restarts: row?.restarts ?? job.slurm?.restarts ?? 0,
    source: 'sacct',
    seenAt: at,
  }
}
