// Doing it again: everything that makes a job what it was, in one document that another installation understands.
import { z } from 'zod'
import { EnvironmentLock } from './environment.ts'
import { TrainingReport } from './job-directory.ts'
import { ClusterName, JobId, JobName, Sha256, SlurmName, Timestamp } from './names.ts'
import { JobRequest } from './request.ts'
import { DataDigest } from './training.ts'

/** The files in a bundle's archive (tar, gzip). bundle.json is the document itself; the others are for people and other tools. */
export const BUNDLE_FILES = {
  bundle: 'bundle.json',
  request: 'request.json',
  lock: 'environment.lock.json',
  explicit: 'environment.explicit.txt',
  script: 'script.sh',
  result: 'result.json',
  readMe: 'README.txt',
} as const

/** What a bundle may have, unpacked. */
export const BUNDLE_BYTES = 33_554_432

export const Bundle = z
  .strictObject({
    v: z.literal(1),
    job: JobId,
    /** When the record last changed: of a job that has ended the bundle stays the same, byte by byte. */
    asOf: Timestamp,
    /** With `environment: {lock}` where there is one, and every default filled in. */
    request: JobRequest,
    lock: EnvironmentLock.nullable(),
    /** The sbatch script of its last submission; null: it had none. */
    script: z.string().nullable(),
    versions: z.strictObject({
      /** Of the worker: the code that trained. */
      release: Sha256.nullable(),
      /** Node.js on the node. */
      runtime: z.string().nullable(),
      backend: z.string().nullable(),
    }),
    /** What the nodes were, as far as it was known: driver, GPU. */
    hardware: z.strictObject({
      partition: SlurmName,
      gpu: z.string().nullable(),
      driver: z.string().nullable(),
    }),
    data: z.array(DataDigest).max(64),
    result: TrainingReport.nullable(),
  })
  .meta({ id: 'Bundle' })
export type Bundle = z.infer<typeof Bundle>

/** What may not be as it was, and one can choose to do without. A gone lock, partition or GPU type is none of these. */
export const RERUN_DIFFERENCES = [
  /** The worker's release: another code trains. */
  'release',
  /** Node.js on the nodes. */
  'runtime',
  /** The driver of the partition's nodes. */
  'driver',
  /** The model of the GPU. */
  'gpu',
  /** The files it is fed with: they are not compared. */
  'data',
] as const
export const RerunDifference = z.enum(RERUN_DIFFERENCES)
export type RerunDifference = z.infer<typeof RerunDifference>

/** POST /v1/jobs/{id}/rerun. To name another place is to accept that it is another. */
export const RerunRequest = z
  .strictObject({
    name: JobName.optional(),
    cluster: ClusterName.optional(),
    partition: SlurmName.optional(),
    /** null: any GPU of the partition. */
    gpuType: SlurmName.nullable().optional(),
    /** Of another cluster: those of the old one mean nothing there and are left out. */
    account: SlurmName.optional(),
    qos: SlurmName.optional(),
    accept: z.array(RerunDifference).max(RERUN_DIFFERENCES.length).default([]),
  })
  .meta({ id: 'RerunRequest' })
export type RerunRequest = z.infer<typeof RerunRequest>

/** POST /v1/reruns: of a bundle from anywhere. */
export const BundleRerunRequest = z
  .strictObject({ ...RerunRequest.shape, bundle: Bundle })
  .meta({ id: 'BundleRerunRequest' })
export type BundleRerunRequest = z.infer<typeof BundleRerunRequest>
