// What the steps that make and tend environments are handed (materialise.ts builds it).
import type { EnvironmentLock, LockedConda } from '@trotline/contracts'
import type { SlurmJob } from '@trotline/slurm'
import type { Logger } from 'pino'
import type { ClusterAccess } from '../clusters/access.ts'
import { releaseOf } from '../clusters/layout.ts'
import type { WorkerReleases } from '../clusters/release.ts'
import type { LockSources } from '../solving/channels/known-channels.ts'
import type { LeaseClaim } from '../store/job-store.ts'
import type { MaterialisationRecord, MaterialisationStore } from '../store/materialisations.ts'
import type { Crash } from './crash-points.ts'

/** What only app.ts can give. */
export interface EnvironmentParts {
  store: MaterialisationStore
  /** null: it is not kept here. */
  lockOf(id: string): Promise<EnvironmentLock | null>
  channels: {
    /** Downloaded and checked against its hashes; answers where it lies on this machine. */
    archive(one: LockedConda, options: { signal?: AbortSignal }): Promise<string>
    mirrorsFor(lock: EnvironmentLock): LockSources
  }
  /** PEP 503; null: there is none. */
  pipIndex: string | null
}

export interface MaterialiseContext extends EnvironmentParts {
  cluster: ClusterAccess
  releases: WorkerReleases
  lease(): LeaseClaim
  crash: Crash
  log: Logger
  now(): Date
  /** What Slurm lists of the service identity, asked no more often than the configuration allows. */
  listed(): Promise<readonly SlurmJob[]>
  /** Writes over the record as it stands now. Answers what stands there then. */
  change(
    lock: string,
    decide: (record: MaterialisationRecord) => MaterialisationRecord | null,
  ): Promise<MaterialisationRecord | null>
}

/** The program that makes, looks at, moves aside and removes: of the worker's plain release. */
export function programOf(
  { cluster, releases }: Pick<MaterialiseContext, 'cluster' | 'releases'>,
  ...words: string[]
): string[] {
  const { settings } = cluster
  const node = settings.environments.node ?? settings.node
  return [node, `${releaseOf(settings.workDir, releases.plain.id)}/environment.mjs`, ...words]
}
