// /v1/webhooks over a real Redis: made, shown to their owner only, limited, removed, tested and resumed; and the whole server telling one.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  Problem,
  Webhook,
  WebhookCreated,
  WebhookDelivery,
  WebhookDeliveryPage,
  WebhookPage,
} from '@trotline/contracts'
import type { App } from '../../apps/orchestrator/src/app.ts'
import { failure } from '../../apps/orchestrator/src/lifecycle/failures.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import { eventually } from '../support/eventually.ts'
import { AT } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'
import { createReceiver, type Receiver, status, verified } from '../support/webhook-receiver.ts'

const URL = 'https://relay.example.org/hook'
type Who = keyof typeof TOKENS

let rig: RedisRig
let store: Store
let app: App
let receiver: Receiver
before(async () => {
  rig = await createRedisRig()
  store = await rig.open()
  receiver = await createReceiver()
  app = await rig.serve(store, {}, { webhooks: { privateHosts: [receiver.host], perOwner: 6 } })
})
after(async () => {
  await rig.close()
  await receiver.close()
})

async function ask(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  { who = 'ada', body, key, of = app }: { who?: Who; body?: object; key?: string; of?: App } = {},
) {
  return of.http.inject({
    method,
    url,
    headers: { authorization: `Bearer ${TOKENS[who]}`, ...(key === undefined ? {} : { 'idempotency-key': key }) },
    ...(body === undefined ? {} : { payload: body }),
  })
}
type Answer = Awaited<ReturnType<typeof ask>>
function refused(answer: Answer, code: string): Problem {
  const problem = Problem.parse(answer.json())
  assert.equal(problem.code, code, answer.body)
  assert.equal(answer.statusCode, problem.status)
  return problem
}
async function made(body: object = {}, who: Who = 'ada'): Promise<WebhookCreated> {
  const answer = await ask('POST', '/v1/webhooks', { body: { url: URL, ...body }, who })
  assert.equal(answer.statusCode, 201, answer.body)
  return WebhookCreated.parse(answer.json())
}
async function removeAll(who: Who = 'ada'): Promise<void> {
  for (const { id } of WebhookPage.parse((await ask('GET', '/v1/webhooks', { who })).json()).items)
    assert.equal((await ask('DELETE', `/v1/webhooks/${id}`, { who })).statusCode, 204)
}

describe('a webhook', () => {
  test('is made with sensible events, and its secret is in that one answer only', async () => {
    const answer = await ask('POST', '/v1/webhooks', { body: { url: URL } })
    const { secret, ...view } = WebhookCreated.parse(answer.json())
    assert.equal(answer.headers.location, `/v1/webhooks/${view.id}`)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.deepEqual(view.events, ['failed', 'held', 'completed-long'])
    assert.deepEqual([view.status, view.owner, view.format, view.everyone], ['active', 'ada', 'json', false])
    for (const path of ['/v1/webhooks', `/v1/webhooks/${view.id}`, `/v1/webhooks/${view.id}/deliveries`]) {
      const shown = await ask('GET', path)
      assert.equal(shown.statusCode, 200)
      assert.ok(!shown.body.includes(secret) && !shown.body.includes('whsec_'), path)
    }
    assert.deepEqual(Webhook.parse((await ask('GET', `/v1/webhooks/${view.id}`)).json()), view)
    await removeAll()
  })

  test('may bring a secret of its own, and a poor one is refused', async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    assert.equal((await made({ secret })).secret, secret)
    for (const poor of [
      '',
      'secret',
      'whsec_',
      'whsec_AAAA',
      `whsec_${Buffer.alloc(65).toString('base64')}`,
      'whsec_***',
    ]) {
      const { detail, findings } = refused(
        await ask('POST', '/v1/webhooks', { body: { url: URL, secret: poor } }),
        'invalid-request',
      )
      // What is nearly a secret is not said back.
      assert.ok(poor.length < 8 || !JSON.stringify([detail, findings]).includes(poor))
    }
    await removeAll()
  })

  test('sent twice under one key is one, with the same secret; another body is refused', async () => {
    const body = { url: URL, name: 'reef' }
    const [one, two] = await Promise.all([1, 2].map(() => ask('POST', '/v1/webhooks', { body, key: 'k1' })))
    assert.deepEqual(one?.json(), two?.json())
    assert.equal(WebhookPage.parse((await ask('GET', '/v1/webhooks')).json()).items.length, 1)
    refused(
      await ask('POST', '/v1/webhooks', { body: { ...body, name: 'other' }, key: 'k1' }),
      'idempotency-key-reused',
    )
    await removeAll()
  })

  test('belongs to its owner: for everybody else, operators too, it does not exist', async () => {
    const { id } = await made()
    for (const who of ['bob', 'staff'] as const) {
      assert.deepEqual(WebhookPage.parse((await ask('GET', '/v1/webhooks', { who })).json()).items, [])
      for (const [method, path] of [
        ['GET', ''],
        ['DELETE', ''],
        ['POST', '/test'],
        ['POST', '/resume'],
        ['GET', '/deliveries'],
      ] as const)
        refused(await ask(method, `/v1/webhooks/${id}${path}`, { who }), 'webhook-not-found')
    }
    for (const wrong of ['wh0000000000zz', 'x', 'wh', 'WH0000000000ZZ'])
      refused(await ask('GET', `/v1/webhooks/${wrong}/deliveries`), 'webhook-not-found')
    await removeAll()
  })

  test('leads nowhere that it must not', async () => {
    const urls = [
      'http://relay.example.org/',
      'https://127.0.0.1/',
      'https://169.254.169.254/latest/',
      'https://[::1]/',
      'https://10.0.0.1/',
      'http://127.0.0.1:1/',
    ]
    for (const url of urls) {
      const { findings = [] } = refused(await ask('POST', '/v1/webhooks', { body: { url } }), 'request-refused')
      assert.equal(findings[0]?.pointer, '/url')
    }
    for (const url of [
      'ftp://relay.example.org/',
      'https://a:b@relay.example.org/',
      'https://relay.example.org/#x',
      'x',
    ]) {
      const answer = await ask('POST', '/v1/webhooks', { body: { url } })
      refused(answer, 'invalid-request')
      assert.ok(url === 'x' || !answer.body.includes(url), answer.body)
    }
  })

  test('for all owners is for operators, and for a single job for those who see it', async () => {
    refused(await ask('POST', '/v1/webhooks', { body: { url: URL, everyone: true } }), 'forbidden')
    assert.equal((await made({ everyone: true }, 'staff')).everyone, true)
    await removeAll('staff')
    const job = await store.add()
    assert.equal((await made({ job: job.id })).job, job.id)
    refused(await ask('POST', '/v1/webhooks', { body: { url: URL, job: job.id }, who: 'bob' }), 'job-not-found')
    refused(await ask('POST', '/v1/webhooks', { body: { url: URL, job: job.id }, who: 'staff' }), 'request-refused')
    refused(await ask('POST', '/v1/webhooks', { body: { url: URL, job: 'abcdefghjkmn' } }), 'job-not-found')
    await removeAll()
  })

  test('what it does not know it refuses by name', async () => {
    for (const body of [{ url: URL, evnets: [] }, { url: URL, events: ['faild'] }, { url: URL, events: [] }, {}])
      assert.ok((refused(await ask('POST', '/v1/webhooks', { body }), 'invalid-request').findings ?? []).length > 0)
  })
})

describe('the webhooks of an owner', () => {
  test('are listed newest first, in pages', async () => {
    const all: string[] = []
    for (let i = 0; i < 5; i++) all.unshift((await made({ name: `n${i}` })).id)
    const first = WebhookPage.parse((await ask('GET', '/v1/webhooks?limit=3')).json())
    const second = WebhookPage.parse((await ask('GET', `/v1/webhooks?limit=3&cursor=${first.nextCursor}`)).json())
    assert.deepEqual(
      [...first.items, ...second.items].map(({ id }) => id),
      all,
    )
    assert.equal(second.nextCursor, null)
    await removeAll()
  })

  test('are so many and no more; one of a job that has ended makes room', async () => {
    const ended = await store.add({ state: 'completed' })
    const done = await made({ job: ended.id })
    for (let i = 1; i < 6; i++) await made()
    await made()
    const kept = WebhookPage.parse((await ask('GET', '/v1/webhooks')).json()).items.map(({ id }) => id)
    assert.equal(kept.length, 6)
    assert.ok(!kept.includes(done.id))
    assert.match(
      refused(await ask('POST', '/v1/webhooks', { body: { url: URL } }), 'request-refused').detail,
      /6 webhooks/,
    )
    await made({}, 'bob')
    await removeAll('bob')
    await removeAll()
    assert.deepEqual(
      (await store.kept()).filter(key => key.includes('webhook')),
      [],
    )
  })

  test('cannot be made where the operator has switched them off', async () => {
    const off = await rig.serve(await rig.open(), {}, { webhooks: { enabled: false } })
    assert.match(
      refused(await ask('POST', '/v1/webhooks', { body: { url: URL }, of: off }), 'request-refused').detail,
      /switched them off/,
    )
  })
})

describe('the whole server', () => {
  test('tells of a job that failed once, sends a test when asked, and shows both; the secret is in no log', async () => {
    const { id, secret } = await made({ url: receiver.url })
    receiver.answer(status(200))
    await app.start()
    const job = await store.add({ state: 'finishing' })
    const moved = machine.failed(job, AT, failure('lost', 'Nobody knows of it.', []), null)
    await store.jobs.commit(job, moved.next, moved.events, null)
    await eventually('the job is told', () => receiver.received.length === 1)
    assert.equal(verified(receiver.received[0] ?? assert.fail(), secret).type, 'job.failed')
    const test = await ask('POST', `/v1/webhooks/${id}/test`, { key: 't1' })
    assert.equal(test.statusCode, 202, test.body)
    const again = await ask('POST', `/v1/webhooks/${id}/test`, { key: 't1' })
    assert.equal(again.headers['idempotency-replayed'], 'true')
    assert.equal(WebhookDelivery.parse(again.json()).id, WebhookDelivery.parse(test.json()).id)
    await eventually('the test is told', () => receiver.received.length === 2)
    assert.equal(verified(receiver.received[1] ?? assert.fail(), secret).type, 'webhook.test')
    const page = await eventually('both are shown as delivered', async () => {
      const { items } = WebhookDeliveryPage.parse((await ask('GET', `/v1/webhooks/${id}/deliveries`)).json())
      return items.every(item => item.status === 'delivered') ? items : null
    })
    assert.deepEqual(
      page.map(({ type }) => type),
      ['webhook.test', 'job.failed'],
    )
    assert.deepEqual(
      page.map(({ lastTries }) => lastTries[0]?.status),
      [200, 200],
    )
    const resumed = Webhook.parse((await ask('POST', `/v1/webhooks/${id}/resume`)).json())
    assert.deepEqual([resumed.status, resumed.deliveries.waiting], ['active', 0])
    assert.equal(receiver.received.length, 2)
  })
})
