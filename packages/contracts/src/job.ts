// The Job as REST shows it: its state, what Slurm said, its runs, progress and ending.
import { z } from 'zod'
import { JobCompatibility } from './compatibility.ts'
import { EnvironmentLook } from './environment-directory.ts'
import { EnvironmentVersion } from './environment-views.ts'
import { Epoch, NonFinite, RunId } from './epoch.ts'
import { Failure, FailureReason } from './failure.ts'
import { ResumedFrom, TrainingReport } from './job-directory.ts'
import { ClusterName, IdentityName, JobId, JobName, OwnerId, Sha256, Timestamp, UnixUser } from './names.ts'
import { JobRequest } from './request.ts'
import { DataDigest, ModelTraining } from './training.ts'

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
    /** What it runs in, pinned when it was accepted; null: the worker's own release is all it needs. */
    environment: z
      .strictObject({
        lock: Sha256,
        /** `ml@3`, where it was asked for by a name. */
        name: EnvironmentVersion.nullable(),
        /** What the last run found of it before it trained; its lockId is what that run really ran with. */
        look: EnvironmentLook.nullable(),
      })
      .nullable()
      .default(null),
    /** The files that its last run was fed with. */
    data: z.array(DataDigest).max(64).default([]),
    /** Of which job, here or elsewhere, this is the repetition. */
    rerunOf: z
      .strictObject({
        job: JobId,
        /** Its record is not kept here: a bundle brought it. */
        elsewhere: z.boolean(),
        /** What is not as it was, in words. */
        differences: z.array(z.string()).max(32),
        /** The worker's release that it is run by; null: the present one. */
        release: Sha256.nullable().default(null),
        /** What its files have to be; the node checks them before it trains. */
        data: z.array(DataDigest).max(64).default([]),
      })
      .nullable()
      .default(null),
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
    /** The lock that it would run with; null: it needs none. */
    environment: Job.shape.environment,
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
    /** Of the last epoch; null: no epoch yet, or it was no number, which `lossNonFinite` names. */
    loss: z.number().nullable(),
    lossNonFinite: NonFinite.nullable(),
    gpus: z.int().min(0),
    /** Of the newest run. */
    startedAt: Timestamp.nullable(),
    hold: z.string().nullable(),
    failure: FailureReason.nullable(),
    /** Why it is held, failed or waits, in one line; null: nothing keeps it. */
    why: z.string().nullable(),
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
    loss: job.progress.last?.values.loss ?? null,
    lossNonFinite: job.progress.last?.nonFinite?.loss ?? null,
    gpus: job.request.resources.gpus,
    startedAt: job.runs.at(-1)?.startedAt ?? null,
    hold: job.hold?.code ?? null,
    failure: job.failure?.reason ?? null,
    why: lineOf(whyOf(job)),
  }
}

function whyOf({ hold, failure, trying, slurm, state }: ListedJob): string | null {
  if (hold !== null) return hold.detail
  if (failure !== null) return failure.detail
  if (trying !== null) return trying.detail
  // Slurm's word, as it stands: `Priority`, `Resources`. It writes None where there is nothing to say.
  return state === 'pending' && slurm?.reason && slurm.reason !== 'None' ? slurm.reason : null
}

/** With it a line of the list keeps to its 500 bytes. */
const WHY_BYTES = 120

/** Cut between two characters. */
function lineOf(text: string | null): string | null {
  if (text === null) return null
  const bytes = new TextEncoder().encode(text.replace(/\s+/g, ' ').trim())
  if (bytes.length <= WHY_BYTES) return new TextDecoder().decode(bytes)
  let end = WHY_BYTES - 3
  while (((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1
  return `${new TextDecoder().decode(bytes.subarray(0, end))}…`
}

/** `GET /v1/jobs/counts`: how many there are of each state, and how many of these are held. */
export const JobCounts = z
  .strictObject({
    states: z.strictObject(
      Object.fromEntries(JOB_STATES.map(state => [state, z.int().min(0)])) as Record<JobState, z.ZodInt>,
    ),
    held: z.int().min(0),
  })
  .meta({ id: 'JobCounts' })
export type JobCounts = z.infer<typeof JobCounts>
