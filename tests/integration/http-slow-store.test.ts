// The server in front of a Redis that is not away but slow: every answer comes late. A request is answered within a second all
// the same, and one that writes says when nobody knows what became of it.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Job, Problem } from '@trotline/contracts'
import { type App, createApp } from '../../apps/orchestrator/src/app.ts'
import { parseSettings } from '../../apps/orchestrator/src/config.ts'
import { survive } from '../../apps/orchestrator/src/lifecycle/crash-points.ts'
import { createFactsStore } from '../../apps/orchestrator/src/store/facts.ts'
import { eventually } from '../support/eventually.ts'
import { clusterFacts, clusterSettings, requestBody, sha256 } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store, silent, TOKENS } from '../support/orchestrator-store.ts'
import { startWatch } from '../support/waited.ts'

const RELEASES = resolve(import.meta.dirname, '../../apps/worker/release')

/** In front of Redis: what Redis says is passed on this much later, in its order. */
interface SlowWay {
  delayMs: number
  /** While a text stands here nothing is passed on any more by connections that have asked something with it. */
  heldFrom: string | null
  port: number
  close(): void
}

async function slowWayTo(host: string, port: number): Promise<SlowWay> {
  const way: SlowWay = { delayMs: 0, heldFrom: null, port: 0, close: () => server.close() }
  const server: Server = createServer(client => {
    const redis = connect({ host, port })
    let held = false
    let passed: Promise<unknown> = Promise.resolve()
    client.on('data', bytes => {
      held ||= way.heldFrom !== null && bytes.includes(way.heldFrom)
      redis.write(bytes)
    })
    redis.on('data', bytes => {
      const dueMs = performance.now() + way.delayMs
      const mayPass = async (): Promise<void> => {
        await sleep(Math.max(0, dueMs - performance.now()))
        while (held && way.heldFrom !== null && !client.destroyed) await sleep(20)
        held = false
        client.write(bytes)
      }
      passed = passed.then(mayPass)
    })
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  way.port = (server.address() as AddressInfo).port
  return way
}

describe('in front of a slow store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trotline-slow-'))
  let rig: RedisRig
  let store: Store
  let way: SlowWay
  let app: App
  let address: string

  before(async () => {
    rig = await createRedisRig()
    store = await rig.open()
    // The way is slow and nothing else is: a loaded disk would be.
    await store.redis.config('SET', 'appendfsync', 'no')
    const { host = '', port = 0, username, password = '' } = store.redis.options
    way = await slowWayTo(host, port)
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, password, { mode: 0o600 })
    await createFactsStore(store.redis, store.prefix).writeFacts(clusterFacts())
    const { ceilings: _, breaker: __, reports: ___, ...cluster } = clusterSettings()
    const settings = {
      listen: { port: 0 },
      store: { url: `redis://127.0.0.1:${way.port}`, user: username, passwordFile, prefix: store.prefix },
      worker: { releaseDirectory: RELEASES },
      tokens: [{ owner: 'ada', name: 'Ada', sha256: sha256(TOKENS.ada) }],
      clusters: [{ ...cluster, reports: { kind: 'directory' } }],
    }
    app = await createApp(parseSettings(JSON.stringify(settings), join(folder, 'trotline.yaml')), {
      log: silent,
      crash: survive,
    })
    address = await app.http.listen({ host: '127.0.0.1', port: 0 })
    // What is done at the first request alone is none of the second within which it is answered.
    await eventually('the store answers in time', async () => (await send('GET', '/v1/jobs')).status === 200)
  })
  afterEach(async () => {
    way.delayMs = 0
    way.heldFrom = null
    await eventually('the store answers in time', async () => (await send('GET', '/v1/jobs')).status === 200)
  })
  after(async () => {
    await app.stop()
    way.close()
    await rig.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function send(method: 'GET' | 'POST', path: string, key?: string) {
    const watch = startWatch()
    const answer = await fetch(address + path, {
      method,
      headers: {
        authorization: `Bearer ${TOKENS.ada}`,
        ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(method === 'POST' ? { body: JSON.stringify(requestBody()) } : {}),
    })
    return { status: answer.status, body: (await answer.json()) as unknown, tookMs: watch() }
  }
  const stored = (): Promise<number> => store.redis.zcard(store.keys.all())

  test('a POST is answered 503 within a second, before anything was stored', async () => {
    const before = await stored()
    way.delayMs = 900
    const { status, body, tookMs } = await send('POST', '/v1/jobs', 'slow')
    assert.deepEqual([status, Problem.parse(body).code], [503, 'store-unreachable'])
    assert.ok(tookMs < 1_000, `${tookMs} ms`)
    assert.equal(await stored(), before)
  })

  for (const [key, advice] of [
    ['perhaps', /Whether the job was stored is not known.*with the same Idempotency-Key/],
    [undefined, /Whether the job was stored is not known.*look at GET \/v1\/jobs/],
  ] as const) {
    test(`a POST ${key ? 'with' : 'without'} a key that ends while it is being stored says that nobody knows`, async () => {
      const before = await stored()
      way.heldFrom = '"schemaVersion"'
      const { status, body, tookMs } = await send('POST', '/v1/jobs', key)
      const { code, detail } = Problem.parse(body)
      assert.deepEqual([status, code], [503, 'store-unreachable'])
      assert.ok(tookMs < 1_000, `${tookMs} ms`)
      assert.match(detail, advice)
      await eventually('it was stored all the same', async () => (await stored()) === before + 1)
      if (!key) return
      way.heldFrom = null
      const again = await eventually('the store answers in time', async () => {
        const answer = await send('POST', '/v1/jobs', key)
        return answer.status === 202 && answer
      })
      Job.parse(again.body)
      assert.equal(await stored(), before + 1)
    })
  }

  test('what takes several questions, each answered late, is not waited for; a job is one question', async () => {
    const { id } = await store.add()
    way.delayMs = 500
    const { status, body } = await send('POST', `/v1/jobs/${id}/release`, 'release')
    assert.deepEqual([status, Problem.parse(body).code], [503, 'store-unreachable'])
    // Two questions could not be answered within the limit, however often they are asked.
    await eventually('the job is shown', async () => (await send('GET', `/v1/jobs/${id}`)).status === 200)
  })
})
