// Whether an operator has paused a cluster. It stands in the store, so it outlives every process, and it is asked for
// right before each submission: once a pause is acknowledged no submission begins.
import { Paused } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { OrchestratorError } from '../errors.ts'
import type { Idempotency } from './job-store.ts'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

export interface Pauses {
  /** @throws STORE_UNREACHABLE: nobody may act then */
  read(cluster: string): Promise<Paused | null>
  /** Answers whether it changed anything: a pause that stands keeps who made it, and a replayed key does nothing. @throws IDEMPOTENCY_KEY_REUSED */
  pause(cluster: string, paused: Paused, idempotency: Idempotency | null): Promise<boolean>
  resume(cluster: string, idempotency: Idempotency | null): Promise<boolean>
}

// KEYS  1 pause  2 idempotency   ARGV  1 pause ('': resume)  2 idempotency value ('': none)  3 its life in ms
// Answers {'known', value} | {'changed'} | {'same'}
const SET = `
if ARGV[2] ~= '' then
  local known = redis.call('GET', KEYS[2])
  if known then return {'known', known} end
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
end
local changed
if ARGV[1] == '' then changed = redis.call('DEL', KEYS[1]) == 1
else changed = redis.call('SETNX', KEYS[1], ARGV[1]) == 1 end
return {changed and 'changed' or 'same'}
`

export function createPauses(redis: Redis, keys: Keys, idempotencyMs: number): Pauses {
  async function set(cluster: string, text: string, idempotency: Idempotency | null): Promise<boolean> {
    const key = idempotency
      ? keys.idempotency(idempotency.owner, idempotency.keySha256)
      : `${keys.paused(cluster)}:no-idempotency-key`
    // The same shape as a job's (job-store.ts), so that a key used there is recognised here, and the other way round.
    const value = idempotency ? JSON.stringify({ id: cluster, bodySha256: idempotency.bodySha256 }) : ''
    const [answer, known] = (await asking(
      redis.eval(SET, 2, keys.paused(cluster), key, text, value, String(idempotencyMs)),
    )) as ['known' | 'changed' | 'same', string?]
    if (
      answer === 'known' &&
      (JSON.parse(known ?? '{}') as { bodySha256?: string }).bodySha256 !== idempotency?.bodySha256
    )
      throw new OrchestratorError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request')
    return answer === 'changed'
  }

  return {
    async read(cluster) {
      const text = await asking(redis.get(keys.paused(cluster)))
      return text === null ? null : Paused.parse(JSON.parse(text))
    },
    pause: (cluster, paused, idempotency) => set(cluster, JSON.stringify(paused), idempotency),
    resume: (cluster, idempotency) => set(cluster, '', idempotency),
  }
}
