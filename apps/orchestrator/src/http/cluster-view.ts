// A cluster as REST shows it, put together from what its owner and its operators left in the store.
import type { Cluster } from '@trotline/contracts'
import type { ClusterSettings } from '../config.ts'
import { unattended } from './health.ts'
import type { Services } from './services.ts'

/** @throws STORE_UNREACHABLE */
export type ClusterView = (cluster: ClusterSettings) => Promise<Cluster>

export function clusterViews(services: Services): ClusterView {
  const { facts, pauses, probes, liveCounts } = services
  return async ({ name, ceilings }) => {
    const [seen, health, cost, paused, looks, counts] = await Promise.all([
      facts.readFacts(name),
      facts.readHealth(name),
      facts.readCost(name),
      pauses.read(name),
      probes.read(name),
      liveCounts(name),
    ])
    const now = services.now()
    return {
      name,
      facts: seen && {
        slurmVersion: seen.slurmVersion,
        accounting: seen.accounting,
        partitions: seen.partitions,
        seenAt: seen.seenAt,
        ageSeconds: Math.max(0, Math.round((now.getTime() - Date.parse(seen.seenAt)) / 1000)),
        source: 'sinfo, scontrol show config and scontrol show partition',
      },
      health: health ?? { ok: false, ...unattended(name), at: now.toISOString() },
      breakers: cost?.breakers ?? [],
      ceilings,
      footprint: cost?.footprint ?? null,
      paused,
      probes: looks.map(({ look: _, dueAt: __, wanted: ___, failures: ____, ...probe }) => probe),
      jobs: counts,
    }
  }
}
