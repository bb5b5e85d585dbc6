// What a job is judged from: its request, the cluster as it was last seen, and what fits it otherwise.
import type { EnvironmentSpec, JobRequest, PartitionFacts } from '@trotline/contracts'
import type { ClusterSettings } from '../config.ts'
import type { Compatibility } from './compatibility.ts'
import type { PinnedEnvironment } from './environment-pinned.ts'

export interface JudgeInput {
  request: JobRequest
  cluster: ClusterSettings
  /** Of the request's partition, with those kinds of nodes that the request leaves to Slurm; null: nobody has seen it. */
  partition: PartitionFacts | null
  /** All of the cluster that jobs may be sent to, alike. */
  partitions: readonly PartitionFacts[]
  /** Would everything else of the request fit these resources? */
  fits(resources: JobRequest['resources']): boolean
  compatibility: Compatibility
  /** Its environment.spec, read; null: it has none, or nobody read it yet. */
  spec: EnvironmentSpec | null
  /** What the request's environment stands for; null: it has none, or it was not pinned yet. */
  environment: PinnedEnvironment | null
}
