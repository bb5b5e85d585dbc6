// From a job's change in a real Redis to a message at a real receiver on loopback: told once, tried again, parked, sent anew; never a flood.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Webhook, WebhookDelivery } from '@trotline/contracts'
import { failure } from '../../apps/orchestrator/src/lifecycle/failures.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { LADDER_MS } from '../../apps/orchestrator/src/webhooks/backoff.ts'
import { post } from '../../apps/orchestrator/src/webhooks/post.ts'
import {
  CLAIM_MS,
  SENDER_CRASH_POINTS,
  type Sender,
  type SenderCrashPoint,
  WINDOW_MS,
} from '../../apps/orchestrator/src/webhooks/sender.ts'
import { AT, request, trainingReport } from '../support/job-records.ts'
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

let rig: RedisRig
let store: Store
let receiver: Receiver
let at: SenderRig
let sender: Sender
before(async () => {
  rig = await createRedisRig()
})
after(() => rig.close())
beforeEach(async () => {
  store = await rig.open()
  receiver = await createReceiver()
  at = createSenderRig(store, receiver)
  sender = at.process()
})
afterEach(async () => {
  await sender.stop()
  await receiver.close()
})

async function failing(over: Partial<JobRecord> = {}, detail = 'It used 2 GiB of 1 GiB.'): Promise<JobRecord> {
  const job = await store.add({ state: 'finishing', ...over })
  const moved = machine.failed(
    job,
    new Date(at.nowMs()).toISOString(),
    failure('out-of-memory', detail, [], 'MemoryError'),
    null,
  )
  return store.jobs.commit(job, moved.next, moved.events, null)
}
const shown = async (id: string): Promise<Webhook> => (await at.webhooks.read(id)) ?? assert.fail('it is gone')
const deliveries = async (id: string): Promise<WebhookDelivery[]> => (await at.webhooks.deliveries(id, 200, null)).items
/** All that is due at this moment of the test's clock, what becomes due by it included. */
async function sendAll(by: Sender = sender): Promise<void> {
  for (let looks = 0; looks < 500; looks++) {
    const had = receiver.received.length
    assert.ok(await by.look(), 'another process sends')
    const due = await store.redis.zcount(`${store.keys.webhookBase()}-due`, '-inf', at.nowMs())
    if (receiver.received.length === had && due === 0) return
  }
  assert.fail('it does not come to an end')
}

/** Of how many failed jobs the receiver is told, alone or together, once it takes messages again. */
async function toldAfterwards(secret: string): Promise<number> {
  receiver.answer(status(200))
  const failed = receiver.received.length
  at.pass(24 * 60 * MINUTE)
  await sendAll()
  at.pass(WINDOW_MS)
  await sendAll()
  return receiver.received.slice(failed).reduce((sum, one) => {
    const message = verified(one, secret)
    return sum + (message.type === 'job.digest' ? (message.data.counts['job.failed'] ?? 0) : 1)
  }, 0)
}
const ids = (): string[] => receiver.received.map(({ id }) => id)

describe('a job that failed', () => {
  test('is told once, signed, with its cause', async () => {
    const { id, secret } = await at.make()
    const job = await failing()
    await sendAll()
    await sendAll()
    const [one = assert.fail('nothing came'), ...more] = receiver.received
    assert.deepEqual(more, [])
    const message = verified(one, secret)
    assert.equal(message.type, 'job.failed')
    assert.ok('job' in message.data)
    assert.deepEqual(
      [message.data.job.id, message.data.job.reason, message.data.job.logTail],
      [job.id, 'It used 2 GiB of 1 GiB.', ['MemoryError']],
    )
    assert.equal(message.data.job.url, `https://trotline.example/jobs/${job.id}`)
    const [delivery] = await deliveries(id)
    assert.deepEqual(
      [delivery?.id, delivery?.status, delivery?.tries, delivery?.nextAt],
      [one.id, 'delivered', 1, null],
    )
    assert.deepEqual(delivery?.job, { id: job.id, name: job.name })
    const webhook = await shown(id)
    assert.deepEqual(
      [webhook.status, webhook.failing, webhook.deliveries],
      ['active', null, { waiting: 0, parked: 0, collected: 0 }],
    )
    assert.ok(webhook.lastDeliveredAt)
  })

  test('is told to those who asked, and to nobody else', async () => {
    const labelled = { request: request({}, { labels: { team: 'crabs' } }) }
    const job = await store.add({ state: 'finishing', ...labelled })
    const told = [
      await at.make(),
      await at.make({ labels: { team: 'crabs' } }),
      await at.make({ job: job.id }),
      await at.make({ owner: 'staff', everyone: true }),
    ]
    const others = [
      await at.make({ owner: 'bob' }),
      await at.make({ owner: 'bob', everyone: true }),
      await at.make({ labels: { team: 'lobsters' } }),
      await at.make({ job: 'abcdefghjkmn' }),
      await at.make({ events: ['completed', 'cancelled', 'started'] }),
    ]
    const moved = machine.failed(job, AT, failure('lost', 'x', []), null)
    await store.jobs.commit(job, moved.next, moved.events, null)
    await sendAll()
    for (const { id } of told) assert.equal((await deliveries(id)).length, 1)
    for (const { id } of others) assert.equal((await deliveries(id)).length, 0)
    assert.equal(receiver.received.length, told.length)
  })

  test('is told to nobody whose token is gone', async () => {
    await at.make()
    await at.make({ owner: 'staff', everyone: true })
    await failing()
    await sendAll(at.process({ tokensGone: true }))
    assert.deepEqual(receiver.received, [])
  })

  test('costs nothing where there is no webhook, and is not told to one that comes later', async () => {
    await failing()
    assert.equal(await store.redis.exists(store.keys.webhookOutbox()), 0)
    await at.make()
    await sendAll()
    assert.deepEqual(receiver.received, [])
  })

  test('completed soon is told only where that was asked for', async () => {
    const [byDefault, always] = [await at.make(), await at.make({ events: ['completed'] })]
    const job = await store.add({ state: 'finishing' })
    const moved = machine.completed(job, AT, trainingReport(), [])
    await store.jobs.commit(job, moved.next, moved.events, null)
    await sendAll()
    assert.deepEqual([(await deliveries(byDefault.id)).length, (await deliveries(always.id)).length], [0, 1])
  })
})

describe('a receiver that does not take it', () => {
  test('is asked again, later and later, with the same id and the same body', async () => {
    const { id, secret } = await at.make()
    receiver.answer(status(500, {}, 'not now'))
    await failing()
    await sendAll()
    for (const waitMs of LADDER_MS.slice(0, 3)) {
      const had = receiver.received.length
      at.pass(waitMs - 1_000)
      await sendAll()
      assert.equal(receiver.received.length, had, 'it came too soon')
      const [delivery] = await deliveries(id)
      assert.deepEqual([delivery?.status, delivery?.lastTries.at(-1)?.why], ['waiting', 'It answered 500: not now'])
      at.pass(2_000)
      await sendAll()
      assert.equal(receiver.received.length, had + 1)
    }
    receiver.answer(status(200))
    at.pass((LADDER_MS[3] ?? 0) + 1_000)
    await sendAll()
    assert.equal(receiver.received.length, 5)
    assert.equal(new Set(ids()).size, 1)
    assert.equal(new Set(receiver.received.map(({ body }) => body)).size, 1)
    assert.ok(new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp'])).size > 1)
    for (const one of receiver.received) verified(one, secret)
    assert.deepEqual([(await shown(id)).failing, (await deliveries(id))[0]?.status], [null, 'delivered'])
  })

  test('whatever it does instead of an answer is a try that failed, said in a sentence', async () => {
    const elsewhere = await createReceiver()
    const cases: [how: Parameters<Receiver['answer']>[0], why: RegExp][] = [
      [response => response.socket?.destroy(), /closed the connection without an answer/],
      [status(302, { location: elsewhere.url }), /^It answered 302, which sends elsewhere/],
      [
        response => void response.socket?.end('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
        /change of protocol/,
      ],
      [
        response => void response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`),
        /headers that are too long/,
      ],
      [response => void response.socket?.end('what?\r\n\r\n'), /cannot be told/],
    ]
    for (const [how, why] of cases) {
      const { id } = await at.make()
      receiver.answer(how)
      await failing()
      await sendAll()
      const [delivery] = await deliveries(id)
      assert.match(delivery?.lastTries.at(-1)?.why ?? '', why)
      assert.equal(delivery?.status, 'waiting')
      await at.webhooks.remove({ id, owner: 'ada' })
    }
    assert.deepEqual(elsewhere.received, [])
    await elsewhere.close()
  })

  test('and one that is silent is waited for as long as is set', async () => {
    at = createSenderRig(store, receiver, { settings: { timeLimitSeconds: 1 }, startMs: at.nowMs() })
    sender = at.process()
    const { id } = await at.make()
    receiver.answer(() => {})
    await failing()
    await sendAll()
    const [delivery] = await deliveries(id)
    assert.equal(delivery?.lastTries.at(-1)?.why, 'No answer came within 1 s.')
    assert.equal(delivery?.status, 'waiting')
  })

  test('an answer whose body never ends is an answer', async () => {
    const { id } = await at.make()
    receiver.answer(response => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('x'.repeat(256)), 5)
      response.on('close', () => clearInterval(timer))
    })
    await failing()
    await sendAll()
    assert.equal((await deliveries(id))[0]?.status, 'delivered')
  })

  test('is asked once for all that waits, and not once for each', async () => {
    await at.make()
    receiver.answer(status(503))
    for (let i = 0; i < 5; i++) await failing()
    await sendAll()
    assert.equal(receiver.received.length, 1)
    at.pass(11_000)
    await sendAll()
    assert.equal(receiver.received.length, 2)
    receiver.answer(status(200))
    at.pass(5 * MINUTE)
    await sendAll()
    assert.equal(receiver.received.length, 7)
    assert.equal(new Set(ids()).size, 5)
  })

  test('and says when it may be asked again is asked then', async () => {
    await at.make()
    receiver.answer(status(429, { 'retry-after': '600' }))
    await failing()
    await sendAll()
    at.pass(9 * MINUTE)
    await sendAll()
    assert.equal(receiver.received.length, 1)
    at.pass(2 * MINUTE)
    await sendAll()
    assert.equal(receiver.received.length, 2)
  })
})

describe('a webhook is parked', () => {
  test('at once by 410; what happens meanwhile is kept, and all of it is told when it is resumed', async () => {
    const { id, secret } = await at.make()
    receiver.answer(status(410))
    await failing()
    await sendAll()
    const parked = await shown(id)
    assert.deepEqual([parked.status, parked.parked?.reason, parked.deliveries.parked], ['parked', 'gone', 1])
    receiver.answer(status(200))
    for (let i = 0; i < 3; i++) await failing()
    at.pass(24 * 60 * MINUTE)
    await sendAll()
    assert.equal(receiver.received.length, 1)
    assert.equal((await shown(id)).deliveries.collected, 3)
    await at.webhooks.resume(id, at.nowMs())
    await sendAll()
    const [gone = '', again = ''] = ids()
    assert.equal(again, gone)
    const last = receiver.received.at(-1) ?? assert.fail('no digest')
    const digest = verified(last, secret)
    assert.ok(digest.type === 'job.digest')
    assert.deepEqual([digest.data.counts, digest.data.first.length], [{ 'job.failed': 3 }, 3])
    assert.deepEqual((await shown(id)).deliveries, { waiting: 0, parked: 0, collected: 0 })
    assert.equal((await shown(id)).status, 'active')
  })

  test('when nothing came through for as long as tries go on, with the last words; a test shows whether it is well again', async () => {
    const { id, secret } = await at.make()
    receiver.answer(status(500, {}, 'broken'))
    await failing()
    for (const waitMs of [0, ...LADDER_MS]) {
      at.pass(waitMs + 1_000)
      await sendAll()
    }
    const parked = await shown(id)
    assert.deepEqual([parked.status, parked.parked?.reason], ['parked', 'failing'])
    assert.match(parked.parked?.why ?? '', /It answered 500: broken/)
    assert.equal(receiver.received.length, LADDER_MS.length + 1)
    receiver.answer(status(200))
    const message = {
      id: 'msg_0123456789abcdefghjkmnpq',
      head: { type: 'webhook.test' as const, job: null, createdAt: AT },
      body: '{}',
    }
    assert.equal(await at.webhooks.putTest(id, message, at.nowMs()), message.id)
    assert.equal(
      await at.webhooks.putTest(id, { ...message, id: 'msg_1123456789abcdefghjkmnpq' }, at.nowMs()),
      message.id,
    )
    await sendAll()
    assert.equal(ids().at(-1), message.id)
    assert.equal((await shown(id)).status, 'parked')
    await at.webhooks.resume(id, at.nowMs())
    await sendAll()
    assert.equal(ids().at(-1), ids()[0])
    verified(receiver.received.at(-1) ?? assert.fail(), secret)
    assert.deepEqual(
      (await deliveries(id)).map(one => one.status),
      ['delivered', 'delivered'],
    )
  })
})

describe('many at once', () => {
  test('are five messages and one that names the rest', async () => {
    const { id, secret } = await at.make()
    for (let i = 0; i < 30; i++) await failing({ name: `job-${i}` })
    await sendAll()
    assert.equal(receiver.received.length, 5)
    assert.equal((await shown(id)).deliveries.collected, 25)
    at.pass(WINDOW_MS)
    await sendAll()
    assert.equal(receiver.received.length, 6)
    const digest = verified(receiver.received[5] ?? assert.fail(), secret)
    assert.ok(digest.type === 'job.digest')
    assert.deepEqual(digest.data.counts, { 'job.failed': 25 })
    assert.deepEqual(
      digest.data.first.map(({ name }) => name),
      Array.from({ length: 10 }, (_, i) => `job-${i + 5}`),
    )
    at.pass(10 * WINDOW_MS)
    await failing()
    await sendAll()
    assert.equal(receiver.received.length, 7)
  })

  test('fill no store: past what may wait they are counted, and none is missing in the end', async () => {
    at = createSenderRig(store, receiver, { settings: { openPerWebhook: 10 }, startMs: at.nowMs() })
    sender = at.process()
    const { id, secret } = await at.make()
    receiver.answer(status(503))
    let happened = 0
    for (let window = 0; window < 8; window++) {
      for (let i = 0; i < 4; i++, happened++) await failing()
      await sendAll()
      at.pass(WINDOW_MS)
    }
    const { waiting, collected } = (await shown(id)).deliveries
    assert.ok(waiting <= 10 && collected > 0)
    assert.equal(await toldAfterwards(secret), happened)
  })

  test('fill no store by their length either: past so many bytes they are counted, and none is missing in the end', async () => {
    const most = 65_536
    at = createSenderRig(store, receiver, { settings: { openBytesPerWebhook: most }, startMs: at.nowMs() })
    sender = at.process()
    const { id, secret } = await at.make()
    receiver.answer(status(503))
    let happened = 0
    for (let window = 0; window < 10; window++) {
      for (let i = 0; i < 4; i++, happened++) await failing({}, '好'.repeat(1_000))
      await sendAll()
      at.pass(WINDOW_MS)
    }
    const { waiting, collected } = (await shown(id)).deliveries
    assert.ok(waiting > 5 && collected > 0, `${waiting} wait, ${collected} are counted`)
    const lengths = await Promise.all(
      (await deliveries(id)).map(one =>
        store.redis.hstrlen(`${store.keys.webhookBase()}-delivery:${id}:${one.id}`, 'body'),
      ),
    )
    const bytes = lengths.reduce((sum, one) => sum + one, 0)
    // The last one goes past it.
    assert.ok(bytes >= most && bytes < most + Math.max(...lengths), `${bytes} bytes wait`)
    assert.equal(await toldAfterwards(secret), happened)
    assert.deepEqual((await shown(id)).deliveries, { waiting: 0, parked: 0, collected: 0 })
  })

  test('of which the long ones are refused and the others taken park their webhook before they fill what it may have', async () => {
    const most = 65_536
    at = createSenderRig(store, receiver, { settings: { openBytesPerWebhook: most }, startMs: at.nowMs() })
    sender = at.process()
    const { id } = await at.make()
    let refused = 0
    receiver.answer(response => {
      const isLong = (receiver.received.at(-1)?.body.length ?? 0) > 2_000
      if (isLong) refused += 1
      response.writeHead(isLong ? 413 : 204).end()
    })
    // Each has ten tries, and after each of these its receiver rests.
    for (let day = 0; day < 100 && (await shown(id)).status === 'active'; day++) {
      if (day < 5) await failing({}, '好'.repeat(1_000))
      await failing()
      await sendAll()
      at.pass(27 * 60 * MINUTE)
    }
    const { parked, deliveries: open } = await shown(id)
    assert.match(parked?.why ?? '', /Many messages were refused/, `${refused} were refused`)
    assert.ok(open.parked < 10, `${open.parked} are parked`)
  })

  test('of what is done with the last hundred are kept', async () => {
    const { id } = await at.make()
    for (let i = 0; i < 104; i++) {
      at.pass(WINDOW_MS)
      await failing()
      await sendAll()
    }
    assert.equal((await deliveries(id)).length, 100)
    const first = await at.webhooks.deliveries(id, 60, null)
    const second = await at.webhooks.deliveries(id, 60, first.nextCursor)
    assert.deepEqual([...first.items, ...second.items], await deliveries(id))
    assert.equal(second.nextCursor, null)
  })
})

describe('a process that dies', () => {
  for (const point of SENDER_CRASH_POINTS)
    test(`at "${point}" loses nothing, and what is sent twice has the same id`, async () => {
      await at.make()
      await failing()
      let alive = true
      const dying = at.process({
        crash(passed: SenderCrashPoint) {
          if (passed === point || !alive) {
            alive = false
            throw new Error(`dies at ${point}`)
          }
        },
      })
      await dying.look().catch(() => false)
      assert.ok(!alive, 'it did not pass there')
      await at.endLease()
      await sendAll()
      at.pass(CLAIM_MS + 1_000)
      await sendAll()
      assert.equal(receiver.received.length, point === 'sent' ? 2 : 1)
      assert.equal(new Set(ids()).size, 1)
      await dying.stop()
    })

  test('of two servers one sends, and each message goes out once', async () => {
    for (let i = 0; i < 3; i++) await at.make({ events: ['failed'] })
    for (let i = 0; i < 5; i++) await failing()
    const other = at.process()
    for (let looks = 0; looks < 12; looks++) await Promise.all([sender.look(), other.look()])
    assert.equal(receiver.received.length, 15)
    assert.equal(new Set(ids()).size, 15)
    await other.stop()
  })

  test('one that slept past its lease writes nothing more', async () => {
    await at.make()
    await failing()
    await sender.look()
    await failing()
    const entries = await store.redis.xlen(store.keys.webhookOutbox())
    await at.endLease()
    const other = at.process()
    await other.look()
    assert.equal(await store.redis.xlen(store.keys.webhookOutbox()), entries - 1)
    await failing()
    const left = await store.redis.xlen(store.keys.webhookOutbox())
    // It finds out at its first write, or, where it held the lease more than a moment ago, by asking for it again.
    const found = await sender.look().catch(error => error.code)
    assert.ok(found === 'LEASE_LOST' || found === false, String(found))
    assert.equal(await store.redis.xlen(store.keys.webhookOutbox()), left)
    await sendAll(other)
    assert.equal(new Set(ids()).size, receiver.received.length)
    await other.stop()
  })

  test('a webhook that is removed while something is on its way leaves nothing behind', async () => {
    const { id } = await at.make()
    let release = (): void => {}
    const came = new Promise<void>(resolve => {
      receiver.answer(response => {
        release = () => response.writeHead(500).end()
        resolve()
      })
    })
    await failing()
    const sending = sendAll()
    await came
    await at.webhooks.remove({ id, owner: 'ada' })
    release()
    await sending
    assert.deepEqual(
      (await store.kept()).filter(key => key.includes(id)),
      [],
    )
    assert.equal(await store.redis.zcard(`${store.keys.webhookBase()}-due`), 0)
  })
})

describe('where a name leads', () => {
  const body = { headers: {}, body: '{}', timeLimitMs: 60_000 }

  test('is looked at in every try, before anything is sent there', async () => {
    const asked: string[] = []
    const leadingTo = (address: string) => async (host: string) => {
      asked.push(host)
      return [{ address, family: 4 }]
    }
    const [, port = ''] = receiver.host.split(':')
    const url = `http://relay.example.test:${port}/`
    const near = { hosts: null, privateHosts: ['relay.example.test'] }
    const first = await post({ ...body, url, rules: near, resolve: leadingTo('127.0.0.1') })
    assert.equal(first.status, 204)
    assert.equal(receiver.received[0]?.headers.host, `relay.example.test:${port}`)
    const moved = await post({ ...body, url, rules: near, resolve: leadingTo('169.254.169.254') })
    assert.match(moved.status === null ? moved.why : '', /link-local/)
    const open = { hosts: null, privateHosts: [] }
    for (const address of ['127.0.0.1', '10.0.0.1', '192.168.1.1', '0.0.0.0', '::1', '::ffff:127.0.0.1', 'fd00::1']) {
      const resolve = async () => [{ address, family: address.includes(':') ? 6 : 4 }]
      const answer = await post({ ...body, url: `https://relay.example.test:${port}/`, rules: open, resolve })
      assert.match(answer.status === null ? answer.why : '', /may not be told/, address)
    }
    assert.deepEqual(asked, ['relay.example.test', 'relay.example.test'])
    assert.equal(receiver.received.length, 1)
  })

  test('is asked once a try: the connection goes to the address that was looked at', async () => {
    let turns = 0
    const [, port = ''] = receiver.host.split(':')
    const answer = await post({
      ...body,
      url: `http://relay.example.test:${port}/`,
      rules: { hosts: null, privateHosts: ['relay.example.test'] },
      // Whoever asks a second time is led elsewhere.
      resolve: async () =>
        turns++ === 0 ? [{ address: '127.0.0.1', family: 4 }] : [{ address: '169.254.169.254', family: 4 }],
    })
    assert.deepEqual([answer.status, turns], [204, 1])
  })

  test('a name that is not known, or whose service does not answer, is a sentence', async () => {
    const rules = { hosts: null, privateHosts: [] }
    const url = 'https://relay.example.test/'
    const unknown = await post({
      ...body,
      url,
      rules,
      resolve: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
    })
    assert.match(unknown.status === null ? unknown.why : '', /is not known/)
    const silent = await post({ ...body, timeLimitMs: 100, url, rules, resolve: () => new Promise(() => {}) })
    assert.match(silent.status === null ? silent.why : '', /No answer came/)
  })
})
