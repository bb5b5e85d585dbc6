// When Slurm has ended a submission: is that the end of the job, or does the training go on in a further one?
// Pure. Two budgets, never mixed: the person's time (resources.timeLimitMinutes, for the whole training) and the
// operator's patience with the cluster (infrastructureRetries). What the training itself did wrong is never repeated.
import { isInfrastructure, MOST_SUBMISSIONS, type RunResult, type SubmissionCause } from '@trotline/contracts'
import type { Ending, JobRecord } from '../store/record.ts'
import { isLaunchFailure, wordOf } from './failures.ts'

/** What the next sbatch asks for, and why there is one. */
export interface Next {
  cause: SubmissionCause
  why: string
  timeLimitMinutes: number
  warnSeconds: number
  /** Not before this moment (ms). */
  notBeforeMs: number
}

export interface Patience {
  /** How often a failure of the cluster is answered by a further submission. */
  infrastructureRetries: number
  /** The least time between the warning and the limit. */
  warnSecondsBeforeLimit: number
}

/** Slurm counts in minutes and delivers a signal up to 60 s early (man sbatch, --signal). */
const EARLY_SECONDS = 60
/** A checkpoint may take this many times as long as the last one that was measured. */
const CHECKPOINT_MARGIN = 3

/** How long before its limit a submission's worker is warned: room for a checkpoint, and at most half of its time. */
export function warnSecondsFor(limitMinutes: number, leastSeconds: number, checkpointSeconds: number | null): number {
  const needed = EARLY_SECONDS + Math.ceil(CHECKPOINT_MARGIN * (checkpointSeconds ?? 0))
  return Math.min(Math.max(leastSeconds, needed), limitMinutes * 30)
}

const CLUSTER_FAULTS: Readonly<Record<string, { cause: SubmissionCause; told: string }>> = {
  PREEMPTED: { cause: 'preempted', told: 'Another job took its place' },
  NODE_FAIL: { cause: 'node-fail', told: 'Its node failed' },
  BOOT_FAIL: { cause: 'boot-fail', told: 'Its node did not boot' },
}
const LAUNCH_FAILED = { cause: 'launch-failed', told: 'Slurm could not start it on its node' } as const

const FIRST_WAIT_MS = 5_000
const LONGEST_WAIT_MS = 300_000

/** null: the ending stands. `trainedEpochs`: how far the job's record reaches, whichever run trained them. */
export function nextSubmission(
  job: JobRecord,
  result: RunResult | null,
  trainedEpochs: number,
  patience: Patience,
  nowMs: number,
): Next | null {
  const { ending } = job.inner
  const present = job.submissions.at(-1)
  if (ending === null || present === undefined) return null
  if (job.cancelRequestedAt !== null || !job.request.resources.requeue) return null
  if (job.submission >= MOST_SUBMISSIONS) return null
  // The worker's own word: what was completed or failed is not trained again.
  if (result !== null && result.outcome !== 'stopped') return null
  const limits = (minutes: number): Pick<Next, 'timeLimitMinutes' | 'warnSeconds'> => ({
    timeLimitMinutes: minutes,
    warnSeconds: warnSecondsFor(
      minutes,
      // A run that was killed over its checkpoint tells nothing of it: what an earlier one needed still counts.
      Math.max(patience.warnSecondsBeforeLimit, present.warnSeconds),
      result?.checkpoint?.seconds ?? null,
    ),
  })
  if (wordOf(ending) === 'TIMEOUT') {
    const left = minutesLeft(job)
    if (left < 1 || !progressed(job, result, trainedEpochs)) return null
    const minutes = Math.min(present.timeLimitMinutes, left)
    const why = `Its ${present.timeLimitMinutes} minutes on this partition are over at epoch ${trainedEpochs}; it goes on from its last checkpoint with ${minutes} more.`
    return { cause: 'time-limit', why, ...limits(minutes), notBeforeMs: nowMs }
  }
  if (ending.state === 'RESULT' && result?.outcome === 'stopped' && result.stoppedBy !== 'cancelled') {
    const why =
      'Its run was told to stop and did, Slurm has forgotten the job since, and nobody wished its end: it is submitted again and goes on from its last checkpoint.'
    return { cause: 'forgotten', why, ...limits(present.timeLimitMinutes), notBeforeMs: nowMs }
  }
  const fault = faultOf(ending)
  if (fault === null) return null
  const used = retriesOf(job)
  if (used >= patience.infrastructureRetries) return null
  const why = `${fault.told}, which is not the job’s fault: it is submitted again (${used + 1} of at most ${patience.infrastructureRetries} times) and goes on from its last checkpoint.`
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** used, LONGEST_WAIT_MS)
  return { cause: fault.cause, why, ...limits(present.timeLimitMinutes), notBeforeMs: nowMs + waitMs }
}

/** Submissions that a failure of the cluster has caused so far. */
export const retriesOf = (job: JobRecord): number =>
  job.submissions.filter(submission => isInfrastructure(submission.cause)).length

/** What happened to the cluster and not to the training. */
export const isFaultOfCluster = (ending: Ending): boolean => faultOf(ending) !== null

const faultOf = (ending: Ending): { cause: SubmissionCause; told: string } | null =>
  CLUSTER_FAULTS[wordOf(ending)] ?? (isLaunchFailure(ending) ? LAUNCH_FAILED : null)

/** Of the whole training's time; a submission whose length nobody could tell counts with its limit. */
function minutesLeft(job: JobRecord): number {
  const usedSeconds = job.submissions
    .map(each => each.elapsedSeconds ?? (each.slurmJobId === null ? 0 : each.timeLimitMinutes * 60))
    .reduce((sum, seconds) => sum + seconds, 0)
  return Math.floor(job.request.resources.timeLimitMinutes - usedSeconds / 60)
}

/** A submission that trained nothing would be followed by one that trains nothing either. */
function progressed(job: JobRecord, result: RunResult | null, trainedEpochs: number): boolean {
  const first = job.runs.find(run => run.run.startsWith(`${job.submission}-`))
  const from = first?.resumed ?? { epochs: 0, batches: 0 }
  if (trainedEpochs > from.epochs) return true
  // An epoch may take longer than the partition allows at a time.
  const reached = result?.checkpoint ?? from
  // What a command left to go on from says nothing of how far it came.
  if (job.request.training.kind === 'command') return result?.checkpoint != null
  return reached.epochs > from.epochs || (reached.epochs === from.epochs && reached.batches > from.batches)
}
