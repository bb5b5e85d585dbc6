// Webhooks against those who mean harm or are merely unlucky: what one owner, one receiver or one text does stops nobody else's messages.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Webhook, WebhookDelivery } from '@trotline/contracts'
import type { WebhookSettings } from '../../apps/orchestrator/src/config.ts'
import { failure } from '../../apps/orchestrator/src/lifecycle/failures.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { messageIdOf } from '../../apps/orchestrator/src/webhooks/ids.ts'
import { post, publicAddresses } from '../../apps/orchestrator/src/webhooks/post.ts'
import {
  MOST_IN_WINDOW,
  SENDS_PER_OWNER,
  type Sender,
  type SenderCrashPoint,
  unprovenOf,
  WINDOW_MS,
} from '../../apps/orchestrator/src/webhooks/sender.ts'
import { eventually } from '../support/eventually.ts'
import { createRedisRig, type RedisRig, type Store } from '../support/orchestrator-store.ts'
import {
  createReceiver,
  createSenderRig,
  type Receiver,
  type SenderRig,
  status,
  verified,
} from '../support/webhook-receiver.ts'

const MINUTE = 60_000
const BOB = { id: 'bob', name: 'Bob' }
const STAFF = { id: 'staff', name: 'Staff' }
/** Longer than any test: what hangs hangs until the test is over, on whatever machine. */
const HANGING = { timeLimitSeconds: 3_600, perOwner: 200 }

let rig: RedisRig
let store: Store
let receiver: Receiver
let other: Receiver
let at: SenderRig
let sender: Sender
before(async () => {
  rig = await createRedisRig()
})
after(() => rig.close())
beforeEach(async () => {
  store = await rig.open()
  receiver = await createReceiver()
  other = await createReceiver()
  begin()
})
afterEach(async () => {
  await sender.stop()
  await receiver.close()
  await other.close()
})

function begin(settings: Partial<WebhookSettings> = {}): void {
  at = createSenderRig(store, receiver, { settings: { privateHosts: [receiver.host, other.host], ...settings } })
  sender = at.process()
}
async function failing(over: Partial<JobRecord> = {}, detail = 'It used 2 GiB of 1 GiB.'): Promise<void> {
  const job = await store.add({ state: 'finishing', ...over })
  const moved = machine.failed(job, new Date(at.nowMs()).toISOString(), failure('out-of-memory', detail, []), null)
  await store.jobs.commit(job, moved.next, moved.events, null)
}
const shown = async (id: string): Promise<Webhook> => (await at.webhooks.read(id)) ?? assert.fail('it is gone')
const deliveries = async (id: string): Promise<WebhookDelivery[]> => (await at.webhooks.deliveries(id, 200, null)).items
async function sendAll(by: Sender = sender): Promise<void> {
  for (let looks = 0; looks < 100; looks++) {
    const had = receiver.received.length + other.received.length
    assert.ok(await by.look(), 'another process sends')
    const due = await store.redis.zcount(`${store.keys.webhookBase()}-due`, '-inf', at.nowMs())
    if (receiver.received.length + other.received.length === had && due === 0) return
  }
  assert.fail('it does not come to an end')
}
let tests = 0
const askTest = (id: string): Promise<string | null> =>
  at.webhooks.putTest(
    id,
    {
      id: messageIdOf(id, `test ${++tests}`),
      head: { type: 'webhook.test', job: null, createdAt: new Date(at.nowMs()).toISOString() },
      body: '{}',
    },
    at.nowMs(),
  )

describe('one owner', () => {
  for (const [what, webhooks] of [
    ['whose receivers hang', 8],
    ['with more webhooks due than are looked at in one piece', 120],
  ] as const)
    test(`${what} keeps others waiting for nothing`, async () => {
      begin(HANGING)
      for (let i = 0; i < webhooks; i++) await at.make()
      await at.make({ owner: 'bob', url: other.url })
      receiver.answer(() => {})
      await failing()
      sender.start()
      const hang = unprovenOf(SENDS_PER_OWNER)
      await eventually('the first of them hang', () => receiver.received.length >= hang)
      await failing({ owner: BOB })
      await eventually('bob is told', () => other.received.length === 1)
      assert.equal(receiver.received.length, hang)
    })

  test('whose receivers answered and now hang has no more of them on their way than one owner may', async () => {
    begin(HANGING)
    for (let i = 0; i < 8; i++) await at.make()
    await failing()
    await sendAll()
    const had = receiver.received.length
    assert.equal(had, 8)
    await at.make({ owner: 'bob', url: other.url })
    receiver.answer(() => {})
    await failing()
    sender.start()
    await eventually('the first of them hang', () => receiver.received.length >= had + SENDS_PER_OWNER)
    await failing({ owner: BOB })
    await eventually('bob is told', () => other.received.length === 1)
    assert.equal(receiver.received.length, had + SENDS_PER_OWNER)
  })

  test('whose receivers failed last time has less room than with those that answered', async () => {
    begin(HANGING)
    for (let i = 0; i < 4; i++) await at.make()
    await failing()
    await sendAll()
    receiver.answer(status(503))
    await failing()
    await sendAll()
    const had = receiver.received.length
    assert.equal(had, 8)
    at.pass(MINUTE)
    await at.make({ owner: 'bob', url: other.url })
    receiver.answer(() => {})
    sender.start()
    await eventually('the first of them hangs', () => receiver.received.length > had)
    await failing({ owner: BOB })
    await eventually('bob is told', () => other.received.length === 1)
    assert.equal(receiver.received.length, had + unprovenOf(SENDS_PER_OWNER))
  })

  test('and another, whose receivers hang, leave room for one whose receiver answers', async () => {
    // As many as these two may have on their way.
    begin({ ...HANGING, sendsAtOnce: 2 * SENDS_PER_OWNER })
    await at.make({ owner: 'staff', url: other.url })
    await failing({ owner: STAFF })
    await sendAll()
    assert.equal(other.received.length, 1)
    for (const owner of ['ada', 'bob']) for (let i = 0; i < 4; i++) await at.make({ owner })
    receiver.answer(() => {})
    await failing()
    await failing({ owner: BOB })
    sender.start()
    await eventually('both hang', () => receiver.received.length >= 2)
    await failing({ owner: STAFF })
    await eventually('staff is told', () => other.received.length === 2)
    assert.equal(receiver.received.length, 2)
  })

  test('whose texts hold half a character stops nobody', async () => {
    const { id } = await at.make({ format: 'text' })
    await at.make({ owner: 'bob', url: other.url })
    await failing({}, 'half a character: \ud83d, and more')
    await failing({ owner: BOB })
    await sendAll()
    assert.match(receiver.received[0]?.body ?? '', /half a character: \ufffd, and more/)
    assert.equal((await deliveries(id)).length, 1)
    assert.equal(other.received.length, 1)
  })

  test('whose job cannot be made a message of stops nobody', async () => {
    await at.make()
    await at.make({ owner: 'bob', url: other.url })
    const broken = await store.add({ state: 'finishing' })
    const moved = machine.failed(broken, new Date(at.nowMs()).toISOString(), failure('lost', 'x', []), null)
    await store.jobs.commit(broken, moved.next, moved.events, null)
    const key = store.keys.job(broken.id)
    const kept = JSON.parse((await store.redis.hget(key, 'record')) ?? '{}')
    await store.redis.hset(key, 'record', JSON.stringify({ ...kept, submissions: null }))
    await failing({ owner: BOB })
    await sendAll()
    assert.deepEqual([receiver.received.length, other.received.length], [0, 1])
  })

  test('whose token is gone hears nothing more, also of what waits and what was collected', async () => {
    const { id } = await at.make()
    receiver.answer(status(503))
    for (let i = 0; i < MOST_IN_WINDOW + 3; i++) await failing()
    await sendAll()
    receiver.answer(status(200))
    const had = receiver.received.length
    const later = at.process({ tokensGone: true })
    await at.endLease()
    at.pass(WINDOW_MS)
    await sendAll(later)
    at.pass(WINDOW_MS)
    await sendAll(later)
    assert.equal(receiver.received.length, had)
    const webhook = await shown(id)
    assert.deepEqual([webhook.status, webhook.parked?.reason], ['parked', 'forbidden'])
    await later.stop()
    // With a token again its owner may have all of it.
    const again = at.process()
    await at.webhooks.resume(id, at.nowMs())
    await sendAll(again)
    assert.equal(receiver.received.length, had + MOST_IN_WINDOW + 1)
    await again.stop()
  })
})

describe('a test', () => {
  test('goes before what waits, and past the rest of a receiver that is down', async () => {
    const { id } = await at.make()
    receiver.answer(status(503))
    for (let i = 0; i < 3; i++) await failing()
    for (let i = 0; i < 4; i++) {
      await sendAll()
      at.pass(5 * MINUTE)
    }
    await sendAll()
    at.pass(MINUTE)
    const had = receiver.received.length
    const asked = await askTest(id)
    await sendAll()
    assert.deepEqual(
      receiver.received.slice(had).map(one => one.id),
      [asked],
    )
  })

  test('is sent at most every ten seconds, however often it is asked for', async () => {
    const { id } = await at.make()
    for (let i = 0; i < 30; i++) {
      await askTest(id)
      await sendAll()
      at.pass(1_000)
    }
    assert.equal(receiver.received.length, 3)
    assert.deepEqual(
      (await deliveries(id)).map(one => one.status),
      ['waiting', 'delivered', 'delivered', 'delivered'],
    )
  })
})

describe('one receiver', () => {
  test('that answers with what is no status is tried again as any other, and its messages can be read', async () => {
    const { id } = await at.make()
    receiver.answer(response => void response.socket?.end('HTTP/1.1 000 Nothing\r\ncontent-length: 0\r\n\r\n'))
    await failing()
    await sendAll()
    const [delivery] = await deliveries(id)
    assert.equal(delivery?.status, 'waiting')
    assert.match(delivery?.lastTries[0]?.why ?? '', /no status of HTTP/)
    receiver.answer(status(200))
    at.pass(MINUTE)
    await sendAll()
    assert.equal((await deliveries(id))[0]?.status, 'delivered')
  })
})

describe('nothing is lost', () => {
  test('where a webhook is parked and resumed while a message of a process that died is still given out', async () => {
    const { id } = await at.make()
    await failing()
    const dying = at.process({
      crash(point) {
        if (point === 'claimed') throw new Error('dies')
      },
    })
    await dying.look().catch(() => undefined)
    await at.endLease()
    receiver.answer(status(410))
    await failing()
    await sendAll()
    assert.equal((await shown(id)).deliveries.parked, 2)
    receiver.answer(status(200))
    await at.webhooks.resume(id, at.nowMs())
    await sendAll()
    assert.deepEqual((await shown(id)).deliveries, { waiting: 0, parked: 0, collected: 0 })
    assert.equal(new Set(receiver.received.map(one => one.id)).size, 2)
    await dying.stop()
  })

  test('and nothing waits for a clock that was ahead', async () => {
    const { id, secret } = await at.make()
    at.pass(365 * 24 * 60 * MINUTE)
    for (let i = 0; i < MOST_IN_WINDOW + 1; i++) await failing()
    await sendAll()
    at.pass(-365 * 24 * 60 * MINUTE)
    await failing()
    await sendAll()
    at.pass(WINDOW_MS)
    await sendAll()
    const digest = verified(receiver.received.at(-1) ?? assert.fail('no digest'), secret)
    assert.deepEqual(digest.type === 'job.digest' && digest.data.counts, { 'job.failed': 2 })
    assert.equal((await shown(id)).deliveries.collected, 0)
  })

  test('and a digest that this server cannot make is tried once a minute, and made when it can', async () => {
    const { id } = await at.make()
    for (let i = 0; i < MOST_IN_WINDOW + 1; i++) await failing()
    await sendAll()
    at.pass(WINDOW_MS)
    // As another version may have counted it.
    const collected = `${store.keys.webhookBase()}-collected:${id}`
    await store.redis.hset(collected, 'type:job.unheard-of', 1)
    await sender.look()
    assert.equal(await store.redis.zcount(`${store.keys.webhookBase()}-due`, '-inf', at.nowMs()), 0)
    await store.redis.hdel(collected, 'type:job.unheard-of')
    at.pass(MINUTE)
    await sendAll()
    assert.equal(receiver.received.length, MOST_IN_WINDOW + 1)
  })

  test('while much comes in, what is due is sent', async () => {
    const passed: SenderCrashPoint[] = []
    sender = at.process({ crash: point => void passed.push(point) })
    await at.make({ owner: 'bob', url: other.url })
    await failing({ owner: BOB })
    for (let i = 0; i < 110; i++) await failing()
    await sendAll()
    assert.equal(other.received.length, 1)
    assert.equal(passed.filter(point => point === 'taken:after').length, 111)
    // Given out before the last of what happened was even taken: the store answers in the order in which it is asked.
    assert.ok(passed.indexOf('claimed') < passed.lastIndexOf('taken:before'), passed.join())
  })
})

describe('a name that anybody chose', () => {
  const A = 1

  /** @param how the code of the answer (RFC 1035, 4.1.1), and the address of an A question; null: it is silent */
  async function asked(
    how: { code: number; address: string | null } | null,
    ask: (resolver: Resolver) => Promise<void>,
  ) {
    const server = createSocket('udp4')
    server.on('message', (question, from) => {
      if (how === null) return
      const end = question.indexOf(0, 12) + 5
      const address = question.readUInt16BE(end - 4) === A ? how.address : null
      const head = Buffer.from([
        question[0] ?? 0,
        question[1] ?? 0,
        0x81,
        0x80 | how.code,
        0,
        1,
        0,
        address ? 1 : 0,
        0,
        0,
        0,
        0,
      ])
      const found = address === null ? [] : [0xc0, 12, 0, A, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]
      server.send(Buffer.concat([head, question.subarray(12, end), Buffer.from(found)]), from.port, from.address)
    })
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
    // Only who is silent is not waited for: a machine that is busy is slower than that.
    const resolver = new Resolver({ timeout: how === null ? 100 : 60_000, tries: 1 })
    resolver.setServers([`127.0.0.1:${server.address().port}`])
    await ask(resolver)
    server.close()
  }

  test('is asked of the name servers, where what hangs keeps no thread of the server', async () => {
    await asked({ code: 0, address: '203.0.113.7' }, async resolver => {
      assert.deepEqual(await publicAddresses('relay.example.test', resolver), [{ address: '203.0.113.7', family: 4 }])
    })
    for (const code of [0, 3])
      await asked({ code, address: null }, async resolver => {
        await assert.rejects(publicAddresses('relay.example.test', resolver), { code: 'ENOTFOUND' })
      })
    await asked({ code: 2, address: null }, async resolver => {
      await assert.rejects(publicAddresses('relay.example.test', resolver), { code: 'EAI_AGAIN' })
    })
    await asked(null, async resolver => {
      await assert.rejects(publicAddresses('relay.example.test', resolver), { code: 'EAI_AGAIN' })
    })
  })

  test('is waited for no longer by a server that stops', async () => {
    const rules = { hosts: null, privateHosts: [] }
    const how = { url: 'https://relay.example.test/', headers: {}, body: '', timeLimitMs: 60_000, rules }
    const signal = AbortSignal.abort(new Error('the server stops'))
    await assert.rejects(post({ ...how, resolve: () => new Promise(() => {}), signal }), /the server stops/)
  })
})
