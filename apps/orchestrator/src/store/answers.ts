// Answers of requests that change nothing, kept under their Idempotency-Key: asked again, they are the same, whatever has been learnt since.
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Redis } from 'ioredis'
import { OrchestratorError } from '../errors.ts'
import type { Idempotency } from './job-store.ts'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

export interface Answers {
  /** The answer that the key has; else what `make` makes, which the key has from then on. null: no key. @throws IDEMPOTENCY_KEY_REUSED */
  once<T>(key: Idempotency | null, make: () => Promise<T>): Promise<{ answer: T; replayed: boolean }>
}

export function createAnswers(redis: Redis, keys: Keys, idempotencyMs: number): Answers {
  return {
    async once<T>(key: Idempotency | null, make: () => Promise<T>) {
      if (key === null) return { answer: await make(), replayed: false }
      const place = keys.idempotency(key.owner, key.keySha256)
      const known = await asking(redis.get(place))
      if (known !== null) return { answer: answerOf<T>(known, key), replayed: true }
      const answer = await make()
      const packed = gzipSync(JSON.stringify(answer)).toString('base64')
      // The same shape as a job's (job-store.ts), so that a key used there is recognised here, and the other way round.
      const value = JSON.stringify({ id: 'answer', bodySha256: key.bodySha256, answer: packed })
      if ((await asking(redis.set(place, value, 'PX', idempotencyMs, 'NX'))) !== null)
        return { answer, replayed: false }
      // Two at once: the first one's stands.
      const first = await asking(redis.get(place))
      return first === null ? { answer, replayed: false } : { answer: answerOf<T>(first, key), replayed: true }
    },
  }
}

function answerOf<T>(value: string, key: Idempotency): T {
  const { bodySha256, answer } = JSON.parse(value) as { bodySha256: string; answer?: string }
  if (bodySha256 !== key.bodySha256 || answer === undefined)
    throw new OrchestratorError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request')
  return JSON.parse(gunzipSync(Buffer.from(answer, 'base64')).toString()) as T
}
