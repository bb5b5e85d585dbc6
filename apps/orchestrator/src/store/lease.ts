// Who owns a cluster: one process at a time connects to it, watches and advances its jobs and reads its logs.
// The lease's value carries a fencing number; every write of the owner names that value, so that an owner
// that was asleep past its lease cannot write over its successor (commit-script.ts checks it).
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

export const LEASE_MS = 12_000
export const RENEW_EVERY_MS = 3_000

const RENEW = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
`
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`

export interface Lease {
  /** The value every write must name, or null while another process owns the cluster. */
  readonly value: string | null
  /** Takes or renews it. False: another process has it. @throws STORE_UNREACHABLE */
  hold(): Promise<boolean>
  release(): Promise<void>
}

export function createLease(redis: Redis, keys: Keys, cluster: string, process = randomUUID()): Lease {
  let value: string | null = null
  let heldUntilMs = 0
  const key = keys.lease(cluster)

  return {
    get value() {
      // Our own clock decides early: past this moment another process may have taken over. Not the wall's, which may be set back.
      return performance.now() < heldUntilMs ? value : null
    },
    async hold() {
      const startedMs = performance.now()
      if (value !== null && (await asking(redis.eval(RENEW, 1, key, value, LEASE_MS))) === 1) {
        heldUntilMs = startedMs + LEASE_MS
        return true
      }
      const number = await asking(redis.incr(keys.leaseCount(cluster)))
      const wanted = `${number}:${process}`
      const taken = await asking(redis.set(key, wanted, 'PX', LEASE_MS, 'NX'))
      value = taken === 'OK' ? wanted : null
      heldUntilMs = taken === 'OK' ? startedMs + LEASE_MS : 0
      return value !== null
    },
    async release() {
      const mine = value
      value = null
      heldUntilMs = 0
      if (mine !== null) await redis.eval(RELEASE, 1, key, mine).catch(() => undefined)
    },
  }
}
