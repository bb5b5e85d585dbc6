// What every stage is handed. Built in app.ts; stages construct nothing and read no settings of their own.
import type { NodeSighting } from '@trotline/contracts'
import type { Logger } from 'pino'
import type { ClusterAccess, IdentityAccess } from '../clusters/access.ts'
import { jobDirectoryOf } from '../clusters/layout.ts'
import type { WorkerReleases } from '../clusters/release.ts'
import type { EpochStore } from '../store/epoch-store.ts'
import type { JobStore, LeaseClaim } from '../store/job-store.ts'
import type { JobRecord } from '../store/record.ts'
import type { Crash } from './crash-points.ts'
import type { JobEnvironments } from './materialise-jobs.ts'

/** How a node reports by queue; null: by directory. */
export interface QueueAccess {
  url: string
  user: string
  password: string
  prefix: string
  name: string
}

export interface StageContext {
  cluster: ClusterAccess
  releases: WorkerReleases
  queue: QueueAccess | null
  jobs: JobStore
  epochs: EpochStore
  /** What a job wrote of one of the cluster's nodes is shown as its word. False: it says nothing newer, or Slurm lists no such node. */
  recordClaim(sighting: NodeSighting, job: string): Promise<boolean>
  /** The lease every write of a stage is made under. @throws LEASE_LOST when it is gone */
  lease(): LeaseClaim
  /** What jobs run in, on this cluster. */
  environments: JobEnvironments
  crash: Crash
  log: Logger
  now(): Date
}

/** The job's own connection and its directory on the cluster. */
export function placeOf(job: JobRecord, context: StageContext): { access: IdentityAccess; directory: string } {
  const access = context.cluster.identity(job.identity.name)
  return { access, directory: jobDirectoryOf(context.cluster.settings.workDir, job.identity.unixUser, job.id) }
}
