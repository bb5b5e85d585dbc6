// Server-sent events over HTTP: history, then live, exact resume, and streams that end when they should.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { JobEvent } from '@trotline/contracts'
import type { App } from '../../apps/orchestrator/src/app.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { type EventReader, type Frame, readEvents } from '../support/event-reader.ts'
import { eventually } from '../support/eventually.ts'
import { AT, epochsOf } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

const MOST_STREAMS = 5
const TOKEN = { authorization: `Bearer ${TOKENS.ada}` }

describe('event streams', () => {
  let rig: RedisRig
  let store: Store
  let app: App
  let address: string
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open({ eventsPerJob: 100 })
    app = await rig.serve(store, { sseClients: MOST_STREAMS, eventsPerJob: 100 })
    address = await app.http.listen({ host: '127.0.0.1', port: 0 })
  })
  after(() => rig.close())

  const follow = (id: string, after?: number, what = 'events'): Promise<EventReader> =>
    readEvents(`${address}/v1/jobs/${id}/${what}`, {
      ...TOKEN,
      ...(after === undefined ? {} : { 'last-event-id': String(after) }),
    })
  async function note(id: string, ...texts: string[]): Promise<JobRecord> {
    let job = await store.jobs.read(id)
    for (const text of texts) {
      const { next, events } = machine.noted(job, AT, text)
      job = await store.jobs.commit(job, next, events, null)
    }
    return job
  }
  async function end(id: string): Promise<void> {
    const job = await store.jobs.read(id)
    const { next, events } = machine.cancelled(job, AT, 'Enough.', [])
    await store.jobs.commit(job, next, events, null)
  }
  const texts = (frames: readonly Frame[]): unknown[] => frames.map(({ data }) => data.text ?? data.to)
  const ids = (frames: readonly Frame[]): unknown[] => frames.map(({ id }) => id)

  test('history comes first, then what happens, and the stream ends with the job', async () => {
    const { id } = await store.add()
    await note(id, 'one', 'two')
    const reader = await follow(id)
    assert.equal(reader.status, 200)
    assert.match(reader.headers.get('content-type') ?? '', /^text\/event-stream/)
    const history = [await reader.next(), await reader.next(), await reader.next()].filter(frame => frame !== null)
    assert.deepEqual(texts(history), ['accepted', 'one', 'two'])
    await note(id, 'live')
    const live = await reader.next()
    assert.deepEqual([live?.id, live?.event, live?.data.text], [4, 'note', 'live'])
    await end(id)
    const last = await reader.rest()
    assert.deepEqual(texts(last), ['cancelled'])
    for (const frame of [...history, live, ...last]) JobEvent.parse(frame?.data)
  })

  test('ids are 1, 2, 3 … and a reader resumes after any of them without a gap or a double', async () => {
    const { id } = await store.add()
    await note(id, 'a', 'b', 'c')
    await store.epochs.put(id, epochsOf('1-0', 0, 4))
    await end(id)
    const whole = await (await follow(id)).rest()
    assert.deepEqual(ids(whole), [1, 2, 3, 4, 5, 6])
    for (let after = 0; after <= 6; after++) {
      assert.deepEqual(await (await follow(id, after)).rest(), whole.slice(after), `after ${after}`)
    }
  })

  test('a reader that comes after the end hears it and is not kept waiting', async () => {
    const { id } = await store.add()
    await end(id)
    assert.deepEqual(texts(await (await follow(id)).rest()), ['accepted', 'cancelled'])
    assert.deepEqual(await (await follow(id, 2)).rest(), [])
  })

  test('a reader whose events were trimmed away is reset to where they begin', async () => {
    const { id } = await store.add()
    let job = await store.jobs.read(id)
    for (let i = 0; i < 4; i++) {
      const events = Array.from({ length: 100 }, (_, n): JobEvent => ({ type: 'note', at: AT, text: `${i} ${n}` }))
      job = await store.jobs.commit(job, machine.noted(job, AT, `${i}`).next, events, null)
    }
    await end(id)
    const frames = await (await follow(id, 3)).rest()
    const [reset, first] = frames
    JobEvent.parse(reset?.data)
    assert.equal(reset?.event, 'reset')
    assert.ok(Number(reset?.id) > 3)
    assert.deepEqual([reset?.data.seq, first?.id], [reset?.id, Number(reset?.id) + 1])
    assert.deepEqual(
      ids(frames.slice(1)),
      Array.from({ length: frames.length - 1 }, (_, i) => Number(first?.id) + i),
    )
    assert.equal(frames.at(-1)?.id, 402)
    assert.deepEqual(await (await follow(id, Number(reset?.id))).rest(), frames.slice(1))
  })

  test('a cursor that the job has never had is reset, not waited for', async () => {
    const { id } = await store.add()
    const reader = await follow(id, 999_999)
    const reset = await reader.next()
    assert.deepEqual([reset?.event, reset?.id, reset?.data.seq], ['reset', 1, 1])
    await end(id)
    assert.deepEqual(texts(await reader.rest()), ['cancelled'])
  })

  test('a cursor that is none is refused by name', async () => {
    const { id } = await store.add()
    for (const cursor of ['abc', '-1', '1.5', '9'.repeat(13)]) {
      const answer = await fetch(`${address}/v1/jobs/${id}/events`, { headers: { ...TOKEN, 'last-event-id': cursor } })
      const { findings } = (await answer.json()) as { findings: { pointer: string }[] }
      assert.deepEqual([answer.status, findings[0]?.pointer], [400, 'header last-event-id'], cursor)
    }
  })

  test('epochs are followed live and whole', async () => {
    const { id } = await store.add({ state: 'running' })
    await store.epochs.put(id, epochsOf('1-0', 0, 9))
    const reader = await follow(id, undefined, 'epochs')
    const items = (frame: Frame | null): unknown[] => frame?.data.items as unknown[]
    assert.deepEqual(items(await reader.next()), epochsOf('1-0', 0, 9))
    await store.epochs.put(id, epochsOf('1-0', 10, 11))
    assert.deepEqual(items(await reader.next()), epochsOf('1-0', 10, 11))
    await end(id)
    assert.deepEqual(await reader.rest(), [])
  })

  test('a reader of epochs is answered at once, also where other things happen all the time', {
    timeout: 60_000,
  }, async () => {
    const { id } = await store.add({ state: 'running' })
    let over = false
    const happening = (async () => {
      while (!over) await note(id, 'something else')
    })()
    const reader = await readEvents(`${address}/v1/jobs/${id}/epochs`, { ...TOKEN })
    over = true
    await happening
    assert.equal(reader.status, 200)
    reader.leave()
  })

  test('epochs are whole also for a first visit after their events were trimmed away', async () => {
    const { id } = await store.add({ state: 'running' })
    const all = epochsOf('1-0', 0, 399)
    for (const epoch of all) await store.epochs.put(id, [epoch])
    await end(id)
    const frames = await (await follow(id, undefined, 'epochs')).rest()
    const seen = frames.flatMap(frame => (frame.data.items as { epoch: number }[]).map(item => item.epoch))
    assert.deepEqual(
      [...new Set(seen)].toSorted((a, b) => a - b),
      all.map(epoch => epoch.epoch),
    )
  })

  test('one stream too many is refused, and a reader that goes away makes room', async () => {
    const { id } = await store.add()
    const readers = await Promise.all(Array.from({ length: MOST_STREAMS }, () => follow(id)))
    for (const reader of readers) assert.equal((await reader.next())?.id, 1)
    const refused = await fetch(`${address}/v1/jobs/${id}/events`, { headers: TOKEN })
    assert.deepEqual([refused.status, ((await refused.json()) as { code: string }).code], [429, 'too-many-streams'])
    readers[0]?.leave()
    const next = await eventually('a place is free', async () => {
      const reader = await follow(id)
      return reader.status === 200 && reader
    })
    assert.equal((await next.next())?.id, 1)
    await end(id)
    for (const reader of [...readers.slice(1), next]) assert.deepEqual(texts(await reader.rest()), ['cancelled'])
    await eventually('all places are free', async () => {
      const again = await Promise.all(Array.from({ length: MOST_STREAMS }, () => follow(id)))
      const free = again.every(reader => reader.status === 200)
      await Promise.all(again.map(reader => reader.rest()))
      return free
    })
  })

  test('a reader survives a Redis that is away for a moment, or is told by the end of the stream', async () => {
    const { id } = await store.add()
    const reader = await follow(id)
    assert.equal((await reader.next())?.id, 1)
    await rig.stop()
    await rig.start()
    await eventually('the store answers', async () => (await store.redis.ping()) === 'PONG')
    await note(id, 'after')
    await end(id)
    // A browser comes back by itself with the last id that it saw, for as long as the server has no store; either way nothing is missing.
    const told: Frame[] = []
    let open: EventReader | null = reader
    await eventually('the end of the job is told', async () => {
      const from: EventReader = open ?? (await follow(id, told.at(-1)?.id ?? 1))
      open = null
      for (let frame = await from.next(); frame !== null; frame = await from.next()) told.push(frame)
      return texts(told).at(-1) === 'cancelled'
    })
    assert.deepEqual(texts(told), ['after', 'cancelled'])
  })

  test('a server that stops ends its open streams', { timeout: 60_000 }, async () => {
    const own = await rig.open()
    const server = await rig.serve(own)
    const at = await server.http.listen({ host: '127.0.0.1', port: 0 })
    const { id } = await own.add()
    const readers = await Promise.all(
      ['events', 'epochs'].map(what => readEvents(`${at}/v1/jobs/${id}/${what}`, TOKEN)),
    )
    assert.equal((await readers[0]?.next())?.id, 1)
    await Promise.all([server.stop(), ...readers.map(reader => reader.rest().catch(() => []))])
    await assert.rejects(fetch(`${at}/healthz`))
  })
})
