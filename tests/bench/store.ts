// The orchestrator's own stores, opened by a benchmark: to put records there that a request would take minutes to make.
import type { Redis } from 'ioredis'
import { pino } from 'pino'
import { createEpochStore, type EpochStore } from '../../apps/orchestrator/src/store/epoch-store.ts'
import { createFactsStore, type FactsStore } from '../../apps/orchestrator/src/store/facts.ts'
import { createJobStore, type JobStore } from '../../apps/orchestrator/src/store/job-store.ts'
import { createKeys, type Keys } from '../../apps/orchestrator/src/store/keys.ts'
import { connectWaiting, whenReady } from '../../apps/orchestrator/src/store/redis.ts'
import { KEY_PREFIX, type RedisServer } from '../../deploy/local/redis.ts'

export interface OpenStore {
  jobs: JobStore
  epochs: EpochStore
  facts: FactsStore
  redis: Redis
  keys: Keys
  close(): void
}

export async function openStore(server: RedisServer): Promise<OpenStore> {
  const { user, passwordFile } = server.store
  const address = { url: `redis://${server.host}:${server.port}`, user, passwordFile }
  // One that waits: hundreds of writes at a time are no request that somebody has to be refused.
  const redis = connectWaiting(address, pino({ level: 'silent' }))
  await whenReady(redis, 10_000)
  const keys = createKeys(KEY_PREFIX)
  const epochs = createEpochStore({ redis, keys, eventsPerJob: 5_000 })
  const jobs = createJobStore({ redis, keys, epochs, eventsPerJob: 5_000, idempotencyMs: 60_000 })
  return { jobs, epochs, facts: createFactsStore(redis, KEY_PREFIX), redis, keys, close: () => redis.disconnect() }
}
