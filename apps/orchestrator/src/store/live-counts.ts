// How many jobs of a cluster live in each state, counted by the lists that every commit keeps.
import { LIVE_STATES, type LiveJobs } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

export type LiveCounts = (cluster: string) => Promise<LiveJobs>

/** @throws STORE_UNREACHABLE */
export const createLiveCounts =
  (redis: Redis, keys: Keys): LiveCounts =>
  async cluster => {
    const counts = await Promise.all(LIVE_STATES.map(state => asking(redis.zcard(keys.byClusterState(cluster, state)))))
    return Object.fromEntries(LIVE_STATES.map((state, i) => [state, counts[i] ?? 0])) as LiveJobs
  }
