// A private Redis with the orchestrator's stores on it, and the whole server in front of it; no cluster can be reached.
// Each call of `open` has a prefix of its own, so that tests share the Redis and nothing else.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { type Logger, pino } from 'pino'
import { createApp } from '../../apps/orchestrator/src/app.ts'
import { parseSettings, type Settings } from '../../apps/orchestrator/src/config.ts'
import { survive } from '../../apps/orchestrator/src/lifecycle/crash-points.ts'
import { createEpochStore, type EpochStore } from '../../apps/orchestrator/src/store/epoch-store.ts'
import { createFactsStore } from '../../apps/orchestrator/src/store/facts.ts'
import { createJobStore, type JobStore } from '../../apps/orchestrator/src/store/job-store.ts'
import { createKeys, type Keys } from '../../apps/orchestrator/src/store/keys.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import {
  connectFailingFast,
  connectWaiting,
  type RedisAddress,
  STORE_PATIENCE,
  type StorePatience,
  whenReady,
} from '../../apps/orchestrator/src/store/redis.ts'
import { startRedis, stopRedis } from '../../deploy/local/redis.ts'
import { clusterFacts, record, sha256 } from './job-records.ts'
import { LOCKS_CHANNELS } from './locks.ts'

export const silent = pino({ level: 'silent' })
export const TOKENS = { ada: 'token-of-ada', bob: 'token-of-bob', staff: 'token-of-staff' } as const

/**
 * Of the tests' own connections and of the servers that they ask, in place of the product's: a loaded disk takes longer than that now and
 * then, and the 503 that is right then is what few tests are about.
 */
const PATIENT: StorePatience = { commandMs: 10_000, requestMs: 20_000 }

export interface Store {
  prefix: string
  keys: Keys
  redis: Redis
  jobs: JobStore
  epochs: EpochStore
  /** Another connection that waits, as queues and subscriptions have. */
  waiting(): Redis
  /** Stores a job as a POST does. */
  add(over?: Partial<JobRecord>, inner?: Partial<JobRecord['inner']>): Promise<JobRecord>
  /** The keys of this prefix, less those that BullMQ's consumers make by themselves. */
  kept(): Promise<string[]>
}

export interface RedisRig {
  open(options?: { eventsPerJob?: number; idempotencyMs?: number }): Promise<Store>
  /** The server on a store's prefix. Stopped by `close`, where the test has not stopped it. */
  serve(
    store: Store,
    limits?: Partial<Settings['limits']>,
    more?: {
      environments?: object
      cluster?: object
      webhooks?: object
      log?: Logger
      /** It waits for Redis no longer than the product does. */
      hasty?: boolean
    },
  ): Promise<Awaited<ReturnType<typeof createApp>>>
  stop(): Promise<void>
  start(): Promise<void>
  /** SIGSTOP and SIGCONT: Redis is there and does not answer. */
  pause(): Promise<void>
  resume(): void
  close(): Promise<void>
}

export async function createRedisRig(): Promise<RedisRig> {
  const home = mkdtempSync(join(tmpdir(), 'trotline-store-'))
  const server = await startRedis({ home })
  const address: RedisAddress = {
    url: `redis://${server.host}:${server.port}`,
    user: server.store.user,
    passwordFile: server.store.passwordFile,
  }
  const connections: Redis[] = []
  const apps: Awaited<ReturnType<typeof createApp>>[] = []
  let paused: number | null = null
  let prefixes = 0

  const waiting = (): Redis => {
    const redis = connectWaiting(address, silent)
    connections.push(redis)
    return redis
  }

  const rig: RedisRig = {
    async open({ eventsPerJob = 5_000, idempotencyMs = 60_000 } = {}) {
      const prefix = `t${++prefixes}`
      const redis = connectFailingFast(address, silent, PATIENT)
      connections.push(redis)
      await whenReady(redis, 10_000)
      const keys = createKeys(prefix)
      const epochs = createEpochStore({ redis, keys, eventsPerJob })
      const jobs = createJobStore({ redis, keys, epochs, eventsPerJob, idempotencyMs })
      return {
        prefix,
        keys,
        redis,
        jobs,
        epochs,
        waiting,
        async add(over = {}, inner = {}) {
          const job = record(over, inner)
          await jobs.create(
            job,
            [{ type: 'state', at: job.createdAt, from: null, to: job.state, detail: 'Stored.', evidence: [] }],
            { secret: 'k'.repeat(43), idempotency: null },
          )
          return jobs.read(job.id)
        },
        async kept() {
          const all = await redis.keys(`${prefix}:*`)
          return all.filter(key => !/^t\d+:(advance-|epoch-reports|facts:|health:)/.test(key)).toSorted()
        },
      }
    },

    async serve(
      store,
      limits = {},
      { environments = {}, cluster = {}, webhooks = {}, log = silent, hasty = false } = {},
    ) {
      const settings = parseSettings(
        JSON.stringify({
          listen: { port: 0 },
          publicUrl: 'https://trotline.example',
          store: { ...address, prefix: store.prefix },
          worker: { releaseDirectory: madeUpRelease(home) },
          tokens: [
            { owner: 'ada', name: 'Ada', sha256: sha256(TOKENS.ada) },
            { owner: 'bob', name: 'Bob', sha256: sha256(TOKENS.bob) },
            { owner: 'staff', name: 'Staff', role: 'operator', sha256: sha256(TOKENS.staff) },
          ],
          clusters: [
            {
              name: 'local',
              ssh: { host: '127.0.0.1', port: 9, knownHostsFile: 'no-known-hosts' },
              identities: [{ name: 'default', unixUser: 'ada', privateKeyFile: 'no-key' }],
              workDir: '/scratch/trotline',
              node: '/usr/bin/node',
              reports: { kind: 'directory' },
              ...cluster,
            },
          ],
          environments: { directory: join(home, 'environments'), channels: LOCKS_CHANNELS, ...environments },
          webhooks,
          limits,
        }),
        join(home, 'trotline.yaml'),
      )
      await createFactsStore(store.redis, store.prefix).writeFacts(clusterFacts())
      const storePatience = hasty ? STORE_PATIENCE : PATIENT
      const app = await createApp(settings, { log, crash: survive, storePatience })
      apps.push(app)
      return app
    },

    stop: () => stopRedis({ home, signal: 'SIGKILL' }),
    start: async () => void (await startRedis({ home })),
    async pause() {
      const info = await connections.find(redis => redis.status === 'ready')?.info('server')
      paused = Number(/^process_id:(\d+)/m.exec(info ?? '')?.[1])
      assert.ok(paused > 1)
      process.kill(paused, 'SIGSTOP')
    },
    resume() {
      if (paused !== null) process.kill(paused, 'SIGCONT')
      paused = null
    },
    async close() {
      rig.resume()
      await rig.start()
      await Promise.allSettled(apps.map(app => app.stop()))
      for (const redis of connections) redis.disconnect()
      await stopRedis({ home, signal: 'SIGKILL' })
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
  return rig
}

function madeUpRelease(home: string): string {
  const directory = join(home, 'releases')
  const manifest = JSON.stringify({ files: [{ path: 'worker.mjs', sha256: sha256('worker'), bytes: 6 }] })
  const id = createHash('sha256').update(manifest).digest('hex')
  mkdirSync(join(directory, id), { recursive: true })
  writeFileSync(join(directory, id, 'manifest.json'), manifest)
  writeFileSync(join(directory, 'current.json'), JSON.stringify({ plain: id, withTensorLibrary: id }))
  return directory
}
