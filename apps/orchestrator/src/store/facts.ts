// What the owner of a cluster last saw of it and what it did to it: health, partitions, breakers and footprint.
// Every process answers from here, so that no request waits for a cluster.
import { Breaker, ClusterHealth, ClusterName, Footprint, PartitionFacts, Timestamp } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { createKeys } from './keys.ts'
import { asking } from './redis.ts'

export { PartitionFacts }

export const ClusterFacts = z.object({
  cluster: ClusterName,
  slurmVersion: z.string(),
  accounting: z.boolean(),
  partitions: z.array(PartitionFacts),
  seenAt: Timestamp,
})
export type ClusterFacts = z.infer<typeof ClusterFacts>

export const ClusterCost = z.object({ breakers: z.array(Breaker), footprint: Footprint })
export type ClusterCost = z.infer<typeof ClusterCost>

/** Without a word from an owner for this long the cluster counts as unattended. */
const HEALTH_LIFE_MS = 20_000

export interface FactsStore {
  writeFacts(facts: ClusterFacts): Promise<void>
  /** null: no owner has asked yet, or what stands there is of another version of the server; the owner asks again within a minute. */
  readFacts(cluster: string): Promise<ClusterFacts | null>
  writeHealth(cluster: string, health: ClusterHealth): Promise<void>
  /** null: no process owns the cluster now, or it fell silent. */
  readHealth(cluster: string): Promise<ClusterHealth | null>
  writeCost(cluster: string, cost: ClusterCost): Promise<void>
  /** null as for health. */
  readCost(cluster: string): Promise<ClusterCost | null>
}

export function createFactsStore(redis: Redis, prefix: string): FactsStore {
  const keys = createKeys(prefix)
  const factsKey = (cluster: string): string => `${prefix}:facts:${cluster}`
  const healthKey = (cluster: string): string => `${prefix}:health:${cluster}`

  async function read<T>(key: string, schema: z.ZodType<T>): Promise<T | null> {
    const text = await asking(redis.get(key))
    return text === null ? null : (schema.safeParse(JSON.parse(text)).data ?? null)
  }

  return {
    async writeFacts(facts) {
      await asking(redis.set(factsKey(facts.cluster), JSON.stringify(facts)))
    },
    readFacts: cluster => read(factsKey(cluster), ClusterFacts),
    async writeHealth(cluster, health) {
      await asking(redis.set(healthKey(cluster), JSON.stringify(health), 'PX', HEALTH_LIFE_MS))
    },
    readHealth: cluster => read(healthKey(cluster), ClusterHealth),
    async writeCost(cluster, cost) {
      await asking(redis.set(keys.cost(cluster), JSON.stringify(cost), 'PX', HEALTH_LIFE_MS))
    },
    readCost: cluster => read(keys.cost(cluster), ClusterCost),
  }
}
