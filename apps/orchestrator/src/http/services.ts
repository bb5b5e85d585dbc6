// What the routes are handed. Built in app.ts.
import type { WorkerReleases } from '../clusters/release.ts'
import type { ClusterSettings, Settings } from '../config.ts'
import type { Compatibility } from '../lifecycle/compatibility.ts'
import type { Crash } from '../lifecycle/crash-points.ts'
import type { EpochStore } from '../store/epoch-store.ts'
import type { FactsStore } from '../store/facts.ts'
import type { JobStore } from '../store/job-store.ts'
import type { LiveCounts } from '../store/live-counts.ts'
import type { Pauses } from '../store/pauses.ts'
import type { Probes } from '../store/probes.ts'
import type { StoreMemory } from '../store/redis.ts'
import type { AskOwner } from '../streams/ask-owner.ts'
import type { Changes } from '../streams/changes.ts'
import type { Nudges } from '../streams/nudges.ts'
import type { EventStreams } from './event-stream.ts'

export interface Services {
  settings: Settings
  clusters: readonly ClusterSettings[]
  releases: WorkerReleases
  compatibility: Compatibility
  jobs: JobStore
  epochs: EpochStore
  facts: FactsStore
  probes: Probes
  pauses: Pauses
  liveCounts: LiveCounts
  /** Questions that only the process that owns a cluster can answer. */
  owner: AskOwner
  changes: Changes
  nudges: Nudges
  streams: EventStreams
  /** Is the store there, and does it keep what it acknowledges? @throws STORE_UNREACHABLE */
  storeGaps(): Promise<string[]>
  /** null: not to be known. @throws STORE_UNREACHABLE */
  storeMemory(): Promise<StoreMemory | null>
  crash: Crash
  now(): Date
}
