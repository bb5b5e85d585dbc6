// The orchestrator's own stores, opened by a benchmark: to put records there that a request would take minutes to make.
import { pino } from 'pino'
import { createEpochStore } from '../../apps/orchestrator/src/store/epoch-store.ts'
import { createJobStore, type JobStore } from '../../apps/orchestrator/src/store/job-store.ts'
import { createKeys } from '../../apps/orchestrator/src/store/keys.ts'
import { connectFailingFast, whenReady } from '../../apps/orchestrator/src/store/redis.ts'
import { KEY_PREFIX, type RedisServer } from '../../deploy/local/redis.ts'

export async function openStore(server: RedisServer): Promise<{ jobs: JobStore; close(): void }> {
  const { user, passwordFile } = server.store
  const address = { url: `redis://${server.host}:${server.port}`, user, passwordFile }
  const redis = connectFailingFast(address, pino({ level: 'silent' }))
  await whenReady(redis, 10_000)
  const keys = createKeys(KEY_PREFIX)
  const epochs = createEpochStore({ redis, keys, eventsPerJob: 5_000 })
  const jobs = createJobStore({ redis, keys, epochs, eventsPerJob: 5_000, idempotencyMs: 60_000 })
  return { jobs, close: () => redis.disconnect() }
}
