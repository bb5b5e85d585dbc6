// The job directory on the cluster's file system: where orchestrator and worker meet. Names, and the files' schemas.
//
//   <workDir>/releases/<sha256>/             the worker, shared, read-only
//   <workDir>/jobs/<unixUser>/<jobId>/       spec.json report.json script.sh tried-<n> receipt-<n>.json cancelled slurm.log
//       runs/<submission>-<restart>/         fence heartbeat epochs.jsonl checkpoint checkpoint.previous result.json node.json artifacts/ stdout stderr
//                                            libraries/, and of a command: work/ checkpoints/ reported.jsonl
//
// spec.json holds what to do, report.json the secrets to report with (0600). A run writes into its own folder only.
import { z } from 'zod'
import { EnvironmentForm, EnvironmentLook } from './environment-directory.ts'
import { RunId } from './epoch.ts'
import { JobId, Sha256, SlurmName, Timestamp } from './names.ts'
import { CommandTraining, DataDigest, WorkerTraining } from './training.ts'

export const FILES = {
  spec: 'spec.json',
  report: 'report.json',
  script: 'script.sh',
  /** What the record needs to be made anew: job-file.ts. */
  job: 'job.json',
  cancelled: 'cancelled',
  /** The record has ended: a run that an outsider's requeue starts later leaves at its fence. */
  ended: 'ended',
  slurmLog: 'slurm.log',
  runs: 'runs',
} as const

export const RUN_FILES = {
  fence: 'fence',
  heartbeat: 'heartbeat',
  epochs: 'epochs.jsonl',
  /** The newest state to go on from: replaced whole, read by later runs, written by its own run only. */
  checkpoint: 'checkpoint',
  /** The one before it, for the case that the newest cannot be read. */
  previousCheckpoint: 'checkpoint.previous',
  /** What the training left besides its result: model, history, evaluation. */
  artifacts: 'artifacts',
  result: 'result.json',
  /** What the node is, where the run looked (node-facts.ts, NodeSighting). */
  node: 'node.json',
  /** Links to the NVIDIA libraries of the job's environment. Made by the script, for the loader; filled by the worker. */
  libraries: 'libraries',
  /** Of a command: the folder that it starts in, with its files. */
  work: 'work',
  /** Of a command: TROTLINE_CHECKPOINTS. Later runs read the newest that is not empty: TROTLINE_RESUME. */
  checkpoints: 'checkpoints',
  /** Of a command: TROTLINE_EPOCHS, its own words, which become lines of epochs.jsonl. */
  reported: 'reported.jsonl',
  stdout: 'stdout',
  stderr: 'stderr',
} as const

/** The environment that a run is to run in: made, and to be looked at before anything expensive. */
export const RunEnvironment = z.strictObject({
  lockId: Sha256,
  /** <workDir>/environments. */
  root: z.string(),
  form: EnvironmentForm,
  /** tree: where it lies. packed: the folder on each node under which it is unpacked, for each Unix user apart. */
  place: z.string(),
})
export type RunEnvironment = z.infer<typeof RunEnvironment>

/** What a run is to do. Written beside and renamed before each submission. */
export const JobSpec = z.strictObject({
  v: z.literal(1),
  jobId: JobId,
  /** A worker started for another submission than this leaves at once: it was superseded. */
  submission: z.int().min(1),
  slurmName: SlurmName,
  training: z.union([WorkerTraining, CommandTraining]),
  /** null: the worker's own release runs it, and nothing else is needed. */
  environment: RunEnvironment.nullable().default(null),
  /** Of a rerun: what its data has to be. */
  expectData: z.array(DataDigest).max(64).default([]),
  gpus: z.int().min(0),
  /** Of the allocation: as many threads may train. */
  cpus: z.int().min(1),
  /** At most this long between two checkpoints, whatever happens; a warning or a stop brings one at once. */
  checkpointEverySeconds: z.int().min(1),
  release: Sha256,
})
export type JobSpec = z.infer<typeof JobSpec>

/** How a run reports, and the job's key that signs every message. 0600: it holds secrets. */
export const ReportAccess = z.strictObject({
  v: z.literal(1),
  /** 32 bytes, base64url. */
  key: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** null: epochs.jsonl is followed instead. */
  queue: z
    .strictObject({
      url: z.string(),
      user: z.string(),
      password: z.string(),
      prefix: z.string(),
      name: z.string(),
    })
    .nullable(),
})
export type ReportAccess = z.infer<typeof ReportAccess>

/** Whoever creates this file exclusively is the one process that trains for the run. */
export const Fence = z.strictObject({
  v: z.literal(1),
  slurmJobId: z.string(),
  node: z.string(),
  nonce: z.string(),
  pid: z.int(),
  at: Timestamp,
})
export type Fence = z.infer<typeof Fence>

const Value = z.number().nullable()
const Line = z.strictObject({ a: Value, b: Value })

/** One column as pandas' describe() sums it up. */
export const ColumnStatistics = z.strictObject({
  count: z.number(),
  mean: z.number(),
  std: z.number(),
  min: z.number(),
  '25%': z.number(),
  '50%': z.number(),
  '75%': z.number(),
  max: z.number(),
})
export type ColumnStatistics = z.infer<typeof ColumnStatistics>

/** A file that the training left in the run's `artifacts/`. */
export const Artifact = z.strictObject({
  path: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'is not the name of an artifact'),
  bytes: z.int().min(0),
  sha256: Sha256,
})
export type Artifact = z.infer<typeof Artifact>

/** `GET /v1/jobs/{id}/artifacts`. */
export const ArtifactPage = z
  .strictObject({ items: z.array(Artifact.extend({ type: z.string() })) })
  .meta({ id: 'ArtifactPage' })
export type ArtifactPage = z.infer<typeof ArtifactPage>

/** Where a run took over: the run that left the checkpoint, how many epochs it had trained, and how many batches of the next one. */
export const ResumedFrom = z.strictObject({
  run: RunId,
  epochs: z.int().min(0),
  /** 0 also of runs of before checkpoints were taken within epochs. */
  batches: z.int().min(0).default(0),
})
export type ResumedFrom = z.infer<typeof ResumedFrom>

/** The last checkpoint a run left: after how many epochs and batches of the next one, and what it cost to write. */
export const CheckpointNote = z.strictObject({
  epochs: z.int().min(0),
  batches: z.int().min(0).default(0),
  seconds: z.number().min(0),
  bytes: z.int().min(0),
})
export type CheckpointNote = z.infer<typeof CheckpointNote>

/** What the training left: everything that the tutorial prints after a training. The bulk of it lies in the artifacts. */
export const TrainingReport = z.strictObject({
  backend: z.string(),
  engine: z.string(),
  skipped: z.array(z.strictObject({ backend: z.string(), why: z.string() })),
  epochs: z.int().min(0),
  /** The last epoch's values and the final evaluation. */
  metrics: z.record(z.string(), Value),
  /** Of linear regression: y = a + b·x before and after, and what least squares give. */
  coefficients: z
    .strictObject({
      start: Line,
      end: Line,
      leastSquares: z.strictObject({ intercept: z.number(), slope: z.number() }),
    })
    .nullable(),
  /** Of the training part before it is scaled, by column: the tutorial's train_stats. */
  trainStatistics: z.record(z.string(), ColumnStatistics).nullable(),
  /** Keras's model.summary(). */
  layers: z
    .array(
      z.strictObject({
        name: z.string(),
        type: z.string(),
        outputShape: z.array(z.int().min(0)),
        params: z.int().min(0),
      }),
    )
    .max(10_000)
    .nullable(),
  /** The last epochs' values, at most five: the tutorial's hist.tail(). */
  history: z.array(z.record(z.string(), Value)).max(5),
  /** The epoch (from 0) whose weights were kept, where the request asks for the best. */
  best: z.strictObject({ epoch: z.int().min(0), monitor: z.string(), value: z.number() }).nullable(),
  /** The epoch (from 0) after which early stopping ended the training. */
  stoppedEarlyAt: z.int().min(0).nullable(),
  /** Of all weights as they were left: equal where two trainings came to the same. null: there are none. */
  weightsSha256: Sha256.nullable(),
  artifacts: z.array(Artifact).max(64),
  /** Of this run alone: what an earlier run trained before it was resumed is not in it. */
  fitSeconds: z.number().min(0),
})
export type TrainingReport = z.infer<typeof TrainingReport>

export const RunFailure = z.strictObject({
  /** exit-code and signal: a command's own end. */
  reason: z.enum(['training', 'incompatible-node', 'environment', 'exit-code', 'signal']),
  code: z.string(),
  detail: z.string(),
  /** What it was concluded from, a line each, where the sentence is not all of it. */
  evidence: z.array(z.string().max(1000)).max(16).optional(),
})
export type RunFailure = z.infer<typeof RunFailure>

export const RunResult = z
  .strictObject({
    v: z.literal(1),
    jobId: JobId,
    run: RunId,
    slurmJobId: z.string(),
    node: z.string(),
    /** `stopped`: the training was ended before its last epoch, and a later run may go on with it. */
    outcome: z.enum(['completed', 'failed', 'stopped']),
    /** `superseded`: a newer run passed its fence, or another run ended the job. null: it was not stopped. */
    stoppedBy: z.enum(['signal', 'cancelled', 'superseded']).nullable(),
    signal: z.string().nullable(),
    failure: RunFailure.nullable(),
    training: TrainingReport.nullable(),
    resumed: ResumedFrom.nullable(),
    checkpoint: CheckpointNote.nullable(),
    startedAt: Timestamp,
    endedAt: Timestamp,
    release: Sha256,
    /** What was looked at, of the environment that it really ran with; null: it asked for none. */
    environment: EnvironmentLook.nullable().default(null),
    /** The files that it was fed with. */
    data: z.array(DataDigest).max(64).default([]),
    /** Of a command: how it ended; exitCode null: by the signal. */
    command: z
      .strictObject({ exitCode: z.int().nullable(), signal: z.string().nullable(), seconds: z.number().min(0) })
      .nullable()
      .default(null),
    /** `process.version` on the node. */
    runtime: z.string(),
    reporting: z.strictObject({ messages: z.int(), secondsInReporter: z.number() }),
  })
  .meta({ id: 'RunResult' })
export type RunResult = z.infer<typeof RunResult>

/**
 * How the worker process ends. Slurm shows it as `<code>:0`; a code says whether a result.json is to be expected:
 * completed, failed and stopped leave one; fenced and cancelled where the training had begun; unwritable could not.
 * 143 = 128 + SIGTERM, as a shell would put it.
 */
export const WORKER_EXIT = {
  completed: 0,
  failed: 10,
  fenced: 11,
  cancelled: 12,
  unusable: 13,
  /** A full disk, a quota, a folder that is gone: the run's files could not be written. */
  unwritable: 14,
  stopped: 143,
} as const
