// What the routes are handed. Built in app.ts.
import type { WorkerReleases } from '../clusters/release.ts'
import type { ClusterSettings, Settings } from '../config.ts'
import type { Compatibility } from '../lifecycle/compatibility.ts'
import type { Crash } from '../lifecycle/crash-points.ts'
import type { EnvironmentResolver } from '../lifecycle/environment-resolve.ts'
import type { Materialisations } from '../lifecycle/materialisations.ts'
import type { LockDesk } from '../solving/lock-desk.ts'
import type { Answers } from '../store/answers.ts'
import type { EnvironmentStore } from '../store/environments.ts'
import type { EpochStore } from '../store/epoch-store.ts'
import type { FactsStore } from '../store/facts.ts'
import type { JobStore } from '../store/job-store.ts'
import type { LiveCounts } from '../store/live-counts.ts'
import type { Pauses } from '../store/pauses.ts'
import type { Probes } from '../store/probes.ts'
import type { StoreMemory } from '../store/redis.ts'
import type { WebhookStore } from '../store/webhooks.ts'
import type { AskOwner } from '../streams/ask-owner.ts'
import type { Changes } from '../streams/changes.ts'
import type { LogFiles } from '../streams/log-files.ts'
import type { Nudges } from '../streams/nudges.ts'
import type { EventStreams } from './event-stream.ts'
import type { AskStore } from './store-time.ts'

export interface Services {
  settings: Settings
  clusters: readonly ClusterSettings[]
  releases: WorkerReleases
  compatibility: Compatibility
  /** Of POSTs that change nothing. */
  answers: Answers
  jobs: JobStore
  epochs: EpochStore
  facts: FactsStore
  probes: Probes
  pauses: Pauses
  liveCounts: LiveCounts
  environments: EnvironmentStore
  resolver: EnvironmentResolver
  /** Where large locks are read and written. */
  lockDesk: LockDesk
  materialisations: Materialisations
  webhooks: WebhookStore
  /** Questions that only the process that owns a cluster can answer. */
  owner: AskOwner
  changes: Changes
  nudges: Nudges
  /** The logs that are followed: one reader each. */
  logFiles: LogFiles
  streams: EventStreams
  /** For one request: what it asks of the store through this has a time limit, all together. */
  storeTime(): AskStore
  /** Is the store there, and does it keep what it acknowledges? @throws STORE_UNREACHABLE */
  storeGaps(): Promise<string[]>
  /** null: not to be known. @throws STORE_UNREACHABLE */
  storeMemory(): Promise<StoreMemory | null>
  crash: Crash
  now(): Date
}
