// The server while its Redis is stopped, or stands still: a POST is answered 503 within a second, and all is well again when it is back.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { Job, Problem } from '@trotline/contracts'
import type { App } from '../../apps/orchestrator/src/app.ts'
import { eventually } from '../support/eventually.ts'
import { requestBody } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'
import { startWatch } from '../support/waited.ts'

describe('without its store', () => {
  let rig: RedisRig
  let store: Store
  let app: App
  let address: string
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open()
    app = await rig.serve(store, {}, { hasty: true })
    address = await app.http.listen({ host: '127.0.0.1', port: 0 })
    // What is done at the first request alone is none of the second within which it is answered.
    await eventually('the server reaches its store', async () => (await send('GET', '/v1/jobs')).status === 200)
  })
  afterEach(async () => {
    rig.resume()
    await rig.start()
    await eventually('the server reaches its store again', async () => (await send('GET', '/v1/jobs')).status === 200)
  })
  after(() => rig.close())

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
    const body: unknown = await answer.json()
    return { status: answer.status, headers: answer.headers, body, tookMs: watch() }
  }

  /** This server waits for a slow disk no longer than the product does, and then says 503, as it should. */
  const taken = (key?: string): Promise<Job> =>
    eventually('the POST is taken', async () => {
      const { status, body } = await send('POST', '/v1/jobs', key)
      return status === 202 && Job.parse(body)
    })
  interface Check {
    ok: boolean
    code: string
    detail: string
    memory?: { usedBytes: number; ceilingBytes: number | null }
  }
  /** What /readyz says of a store that it could ask. */
  const asked = (): Promise<{ status: number; check: Check }> =>
    eventually('/readyz has asked the store', async () => {
      const { status, body } = await send('GET', '/readyz')
      const [check = assert.fail(JSON.stringify(body))] = (body as { checks: Check[] }).checks
      return check.code !== 'STORE_UNREACHABLE' && { status, check }
    })

  for (const [what, away] of [
    ['stopped', () => rig.stop()],
    ['standing still', () => rig.pause()],
  ] as const) {
    test(`a POST is answered 503 within a second while Redis is ${what}, and stores nothing`, async () => {
      const before = await store.redis.zcard(store.keys.all())
      await away()
      const answer = await send('POST', '/v1/jobs', what.replace(' ', '-'))
      assert.equal(answer.status, 503)
      assert.ok(answer.tookMs < 1_000, `${answer.tookMs} ms`)
      assert.equal(Problem.parse(answer.body).code, 'store-unreachable')
      assert.equal(answer.headers.get('retry-after'), '2')
      rig.resume()
      await rig.start()
      await eventually('the store answers', async () => (await store.redis.ping()) === 'PONG')
      assert.equal(await store.redis.zcard(store.keys.all()), before)
    })

    test(`the same POST under the same key makes one job when Redis is no longer ${what}`, async () => {
      const key = `again-${what.replace(' ', '-')}`
      await away()
      assert.equal((await send('POST', '/v1/jobs', key)).status, 503)
      rig.resume()
      await rig.start()
      const made = await taken(key)
      assert.equal((await taken(key)).id, made.id)
    })

    test(`reads are answered 503 while Redis is ${what}, and not kept waiting for it`, async () => {
      const { id } = await store.add()
      await away()
      for (const path of ['/v1/jobs', `/v1/jobs/${id}`, `/v1/jobs/${id}/epochs`, `/v1/jobs/${id}/events`]) {
        const answer = await send('GET', path)
        // Redis is away until the test is over: an answer is one that did not wait for it.
        assert.deepEqual([answer.status, Problem.parse(answer.body).code], [503, 'store-unreachable'], path)
      }
    })

    test(`/readyz says that the store cannot be asked while Redis is ${what}`, async () => {
      await away()
      const { status, body } = await send('GET', '/readyz')
      assert.equal(status, 503)
      const [check] = (body as { checks: { name: string; ok: boolean; code: string }[] }).checks
      assert.deepEqual([check?.name, check?.ok, check?.code], ['store', false, 'STORE_UNREACHABLE'])
      assert.equal((await fetch(`${address}/healthz`)).status, 200)
    })
  }

  test('a Redis that may lose acknowledged jobs is said aloud', async () => {
    await store.redis.config('SET', 'appendfsync', 'everysec')
    try {
      const { status, check } = await asked()
      assert.deepEqual([status, check.ok, check.code], [503, false, 'STORE_NOT_DURABLE'])
      assert.match(check.detail, /appendfsync is "everysec", wanted "always"/)
    } finally {
      await store.redis.config('SET', 'appendfsync', 'always')
    }
  })

  test('/readyz shows how much memory the store uses of its ceiling, and a full store is one that could not be asked', async () => {
    const memory = async () => (await asked()).check.memory ?? assert.fail('/readyz does not say it')
    assert.equal((await memory()).ceilingBytes, null)
    assert.ok((await memory()).usedBytes > 100_000)
    await store.redis.config('SET', 'maxmemory', '100000')
    try {
      assert.equal((await memory()).ceilingBytes, 100_000)
      const { status, body } = await send('POST', '/v1/jobs')
      assert.deepEqual([status, Problem.parse(body).code], [503, 'store-unreachable'])
    } finally {
      await store.redis.config('SET', 'maxmemory', '0')
    }
  })

  test('an acknowledged job survives a kill -9 of Redis', async () => {
    const job = await taken()
    await rig.stop()
    await rig.start()
    await eventually('the job is there', async () => (await send('GET', `/v1/jobs/${job.id}`)).status === 200)
  })

  test('the server stops while Redis is stopped, and does not wait for it', { timeout: 60_000 }, async () => {
    const own = await rig.serve(await rig.open(), {}, { hasty: true })
    const at = await own.http.listen({ host: '127.0.0.1', port: 0 })
    await rig.stop()
    await own.stop()
    await assert.rejects(fetch(`${at}/healthz`))
  })
})
