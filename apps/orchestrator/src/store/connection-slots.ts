// Who may have a connection to a cluster now: at most so many, over all processes. A permission ends by itself where its
// holder fell silent, no later than the lease of its process does.
import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import { LEASE_MS } from './lease.ts'
import { asking } from './redis.ts'

export interface ConnectionSlots {
  /** Takes one, or renews it. False: all are taken. @throws STORE_UNREACHABLE */
  take(cluster: string, holder: string, limit: number): Promise<boolean>
  /** @throws STORE_UNREACHABLE */
  giveBack(cluster: string, holders: readonly string[]): Promise<void>
}

// KEYS  1 holders by the end of their permission   ARGV  1 holder  2 limit  3 life in ms
const TAKE = `
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`

export const SLOT_MS = LEASE_MS

export function createConnectionSlots(redis: Redis, keys: Keys): ConnectionSlots {
  return {
    take: async (cluster, holder, limit) =>
      (await asking(redis.eval(TAKE, 1, keys.connections(cluster), holder, limit, SLOT_MS))) === 1,
    async giveBack(cluster, holders) {
      if (holders.length > 0) await asking(redis.zrem(keys.connections(cluster), ...holders))
    },
  }
}
