// The Job as REST shows it: its state, what Slurm said, its runs, progress and ending.
import { z } from 'zod'
import { JobCompatibility } from './compatibility.ts'
import { Epoch, RunId } from './epoch.ts'
import { Failure, FailureReason } from './failure.ts'
import { ResumedFrom, TrainingReport } from './job-directory.ts'
import { ClusterName, IdentityName, JobId, JobName, OwnerId, Timestamp, UnixUser } from './names.ts'
import { JobRequest } from './request.ts'
import { ModelTraining } from './training.ts'

export const JOB_STATES = [
  'accepted',
  'prepared',
  'pending',
  'running',
  'finishing',
  'completed',
  'failed',
  'cancelled',
] as const
export const JobState = z.enum(JOB_STATES)
export type JobState = z.infer<typeof JobState>

export const TERMINAL_STATES = ['completed', 'failed', 'cancelled'] as const satisfies readonly JobState[]
export const isTerminal = (state: JobState): boolean => (TERMINAL_STATES as readonly JobState[]).includes(state)

export const STAGES = ['prepare', 'submit', 'watch', 'finish', 'cancel'] as const
export const Stage = z.enum(STAGES)
export type Stage = z.infer<typeof Stage>

/** What Slurm said last, verbatim, with where and when it said so. Node clocks are evidence, never compared with ours. */
export const SlurmView = z.strictObject({
  jobId: z.string(),
  name: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  exitCode: z.string().nullable(),
  nodes: z.string().nullable(),
  submitTime: z.string().nullable(),
  startTime: z.string().nullable(),
  endTime: z.string().nullable(),
  /** Slurm's requeues of this job so far: SLURM_RESTART_COUNT of its present run. */
  restarts: z.int().min(0),
  source: z.enum(['receipt', 'squeue', 'sacct']),
  seenAt: Timestamp,
})
export type SlurmView = z.infer<typeof SlurmView>

/** One run: `attempt` numbers them in order from 1. */
export const Run = z.strictObject({
  run: RunId,
  attempt: z.int().min(1),
  slurmJobId: z.string(),
  node: z.string().nullable(),
  /** null: it trained from the first epoch, or has not said yet. */
  resumed: ResumedFrom.nullable(),
  startedAt: Timestamp.nullable(),
  endedAt: Timestamp.nullable(),
  /** Slurm's word or the worker's, once the run is over. */
  ending: z.string().nullable(),
})
export type Run = z.infer<typeof Run>

/** Why there is a submission: each sbatch of ours has one recorded cause. */
export const SUBMISSION_CAUSES = [
  'request',
  'forgotten',
  'time-limit',
  'preempted',
  'node-fail',
  'boot-fail',
  'launch-failed',
] as const
export type SubmissionCause = (typeof SUBMISSION_CAUSES)[number]
/** Failures of the cluster, not of the training: they have a budget of their own. */
export const isInfrastructure = (cause: SubmissionCause): boolean =>
  cause === 'preempted' || cause === 'node-fail' || cause === 'boot-fail' || cause === 'launch-failed'

export const Submission = z.strictObject({
  submission: z.int().min(1),
  cause: z.enum(SUBMISSION_CAUSES),
  at: Timestamp,
  evidence: z.array(z.string()).max(32),
  /** What its sbatch asks for, and how long before that limit the worker is warned. */
  timeLimitMinutes: z.int().min(1),
  warnSeconds: z.int().min(0),
  /** null: not taken by Slurm (yet). */
  slurmJobId: z.string().nullable(),
  /** Between start and end, by the cluster's clock; null: not over, or nobody can tell. */
  elapsedSeconds: z.number().min(0).nullable(),
})
export type Submission = z.infer<typeof Submission>

/** As many sbatch calls as one job may ever cause. */
export const MOST_SUBMISSIONS = 100

export const Job = z
  .strictObject({
    id: JobId,
    revision: z.int().min(1),
    name: JobName,
    owner: z.strictObject({ id: OwnerId, name: z.string() }),
    identity: z.strictObject({ name: IdentityName, unixUser: UnixUser }),
    cluster: ClusterName,
    state: JobState,
    request: JobRequest,
    /** What a preset stands for, complete. null: the request says it itself, or it is no net (linear regression). */
    expanded: ModelTraining.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    endedAt: Timestamp.nullable(),
    compatibility: JobCompatibility,
    /** Numbers our sbatch calls for this job; 0 before the first. */
    submission: z.int().min(0),
    /** All of them, oldest first. */
    submissions: z.array(Submission).max(MOST_SUBMISSIONS),
    slurm: SlurmView.nullable(),
    runs: z.array(Run).max(1000),
    progress: z.strictObject({
      epochs: z.int().min(0),
      of: z.int().min(1),
      /** Epochs of an earlier run that a later run trained again. */
      superseded: z.int().min(0),
      last: Epoch.nullable(),
    }),
    /** The stage under way, how often it was tried, and what went wrong last. null: nothing failed since the last step. */
    trying: z
      .strictObject({
        stage: Stage,
        tries: z.int().min(1),
        nextAt: Timestamp,
        code: z.string(),
        detail: z.string(),
      })
      .nullable(),
    /** The ladder of tries ended, or only a person can decide: `release` tries again. */
    hold: z.strictObject({ stage: Stage, code: z.string(), detail: z.string(), since: Timestamp }).nullable(),
    cancelRequestedAt: Timestamp.nullable(),
    failure: Failure.nullable(),
    result: TrainingReport.nullable(),
    /** Worker release (sha256) and Node.js version on the node. */
    worker: z.strictObject({ release: z.string(), runtime: z.string().nullable() }).nullable(),
    /** Things seen that changed nothing, such as a requeue by an outsider after the end. */
    notes: z.array(z.strictObject({ at: Timestamp, text: z.string() })).max(50),
  })
  .meta({ id: 'Job' })
export type Job = z.infer<typeof Job>

/** Of a job as lists have it. */
export type ListedJob = Omit<Job, 'expanded'>

/** `POST /v1/jobs?dryRun=true`: what would be stored and submitted. */
export const DryRun = z
  .strictObject({
    request: JobRequest,
    expanded: Job.shape.expanded,
    compatibility: Job.shape.compatibility,
    /** What a person should know before it is sent. */
    notes: z.array(z.string()),
    script: z.string(),
  })
  .meta({ id: 'DryRun' })
export type DryRun = z.infer<typeof DryRun>

/** A line of a list: at most about 500 bytes. */
export const JobSummary = z
  .strictObject({
    id: JobId,
    name: JobName,
    owner: OwnerId,
    cluster: ClusterName,
    partition: z.string(),
    state: JobState,
    createdAt: Timestamp,
    endedAt: Timestamp.nullable(),
    slurmJobId: z.string().nullable(),
    slurmState: z.string().nullable(),
    epochs: z.int(),
    ofEpochs: z.int(),
    hold: z.string().nullable(),
    failure: FailureReason.nullable(),
  })
  .meta({ id: 'JobSummary' })
export type JobSummary = z.infer<typeof JobSummary>

export const JobPage = z
  .strictObject({ items: z.array(JobSummary), nextCursor: z.string().nullable() })
  .meta({ id: 'JobPage' })
export type JobPage = z.infer<typeof JobPage>

export function summaryOf(job: ListedJob): JobSummary {
  return {
    id: job.id,
    name: job.name,
    owner: job.owner.id,
    cluster: job.cluster,
    partition: job.request.resources.partition,
    state: job.state,
    createdAt: job.createdAt,
    endedAt: job.endedAt,
    slurmJobId: job.slurm?.jobId ?? null,
    slurmState: job.slurm?.state ?? null,
    epochs: job.progress.epochs,
    ofEpochs: job.progress.of,
    hold: job.hold?.code ?? null,
    failure: job.failure?.reason ?? null,
  }
}
