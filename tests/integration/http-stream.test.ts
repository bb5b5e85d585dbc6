// One connection for everything that a page follows: topics that do not disturb each other, and exact resume of all of them.
import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MOST_TOPICS, STREAM_EVENTS, type StreamEventName } from '@trotline/contracts'
import type { App } from '../../apps/orchestrator/src/app.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { type EventReader, type Frame, readEvents } from '../support/event-reader.ts'
import { eventually } from '../support/eventually.ts'
import { AT, epochsOf, slurmView } from '../support/job-records.ts'
import { jobWithLog } from '../support/job-with-log.ts'
import { answerAsOwner } from '../support/local-owner.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

describe('the stream of many topics', () => {
  let rig: RedisRig
  let store: Store
  let app: App
  let address: string
  const workDir = mkdtempSync(join(tmpdir(), 'trotline-stream-'))
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open({ eventsPerJob: 100 })
    app = await rig.serve(store, { sseClients: 20, eventsPerJob: 100 }, { cluster: { workDir } })
    address = await app.http.listen({ host: '127.0.0.1', port: 0 })
  })
  after(async () => {
    await rig.close()
    rmSync(workDir, { recursive: true, force: true })
  })

  async function follow(
    topics: readonly string[],
    { as = 'ada', from = '' }: { as?: keyof typeof TOKENS; from?: string } = {},
  ): Promise<EventReader> {
    const query = topics.map(topic => `topic=${encodeURIComponent(topic)}`).join('&')
    return readEvents(`${address}/v1/stream?${query}`, {
      authorization: `Bearer ${TOKENS[as]}`,
      ...(from === '' ? {} : { 'last-event-id': from }),
    })
  }
  /** The next frame, of the shape that the contract promises. */
  async function told(reader: EventReader): Promise<Frame> {
    const one = (await reader.next()) ?? assert.fail('the stream ended')
    STREAM_EVENTS[one.event as StreamEventName].parse(one.data)
    return one
  }
  async function note(id: string, text: string): Promise<JobRecord> {
    const job = await store.jobs.read(id)
    const { next, events } = machine.noted(job, AT, text)
    return store.jobs.commit(job, next, events, null)
  }
  async function end(id: string): Promise<void> {
    const job = await store.jobs.read(id)
    const { next, events } = machine.cancelled(job, AT, 'Enough.', [])
    await store.jobs.commit(job, next, events, null)
  }
  const itemsOf = ({ data }: Frame): { id: string; state: string; epochs: number }[] => data.items as never
  const of = (frame: Frame): unknown[] => [frame.event, frame.data.topic]

  test('jobs: a new reader is told to read its list, and then of every job of its own that changes', async () => {
    const known = await store.add()
    const reader = await follow(['jobs'])
    assert.equal(reader.status, 200)
    assert.match(reader.headers.get('content-type') ?? '', /^text\/event-stream/)
    assert.deepEqual(of(await told(reader)), ['reset', 'jobs'])
    await store.add({ owner: { id: 'bob', name: 'Bob' } })
    const made = await store.add()
    assert.deepEqual(
      itemsOf(await told(reader)).map(({ id }) => id),
      [made.id],
    )
    await store.epochs.put(known.id, epochsOf('1-0', 0, 4))
    const [line] = itemsOf(await told(reader))
    assert.deepEqual([line?.id, line?.epochs], [known.id, 5])
    await end(known.id)
    assert.deepEqual(
      itemsOf(await told(reader)).map(({ id, state }) => [id, state]),
      [[known.id, 'cancelled']],
    )
    reader.leave()
  })

  test('jobs: operators are told of everybody’s', async () => {
    const reader = await follow(['jobs'], { as: 'staff' })
    await told(reader)
    const { id } = await store.add({ owner: { id: 'bob', name: 'Bob' } })
    assert.deepEqual(
      itemsOf(await told(reader)).map(item => item.id),
      [id],
    )
    reader.leave()
  })

  test('jobs: a write that shows in no line of the list is not told', async () => {
    const { id } = await store.add()
    const reader = await follow(['jobs'])
    await told(reader)
    await note(id, 'the first time the reader has no line to compare with')
    assert.deepEqual(
      itemsOf(await told(reader)).map(item => item.id),
      [id],
    )
    await note(id, 'nothing that a list shows')
    const other = await store.add()
    assert.deepEqual(
      itemsOf(await told(reader)).map(item => item.id),
      [other.id],
    )
    reader.leave()
  })

  test('jobs: a reader that comes back is told what changed meanwhile, each job once', async () => {
    const first = await follow(['jobs'])
    const { cursor } = await told(first)
    first.leave()
    const jobs = [await store.add(), await store.add()]
    for (const { id } of jobs) await store.epochs.put(id, epochsOf('1-0', 0, 0))
    await end(jobs[0]?.id ?? '')
    const again = await follow(['jobs'], { from: cursor })
    assert.deepEqual(
      itemsOf(await told(again)).map(({ id, state, epochs }) => [id, state, epochs]),
      [
        [jobs[1]?.id, 'accepted', 1],
        [jobs[0]?.id, 'cancelled', 1],
      ],
    )
    again.leave()
  })

  test('jobs: a cursor from a store that was put back is reset', async () => {
    const far = Buffer.from(JSON.stringify({ jobs: '999999999999999' })).toString('base64url')
    const reader = await follow(['jobs'], { from: far })
    assert.deepEqual(of(await told(reader)), ['reset', 'jobs'])
    const { id } = await store.add()
    assert.deepEqual(
      itemsOf(await told(reader)).map(item => item.id),
      [id],
    )
    reader.leave()
  })

  test('job: the record as it is, then each event with the record that it made, and its last word', async () => {
    const { id } = await store.add({ slurm: slurmView({ seenAt: new Date(Date.now() - 5_000).toISOString() }) })
    const topic = `job:${id}`
    const reader = await follow([topic])
    const now = await told(reader)
    const { job, event, slurmAgeMs } = now.data as { job: { revision: number }; event: null; slurmAgeMs: number }
    assert.deepEqual([now.event, now.data.topic, event, job.revision], ['job', topic, null, 1])
    assert.ok(slurmAgeMs >= 5_000 && slurmAgeMs < 60_000)
    await note(id, 'live')
    const live = (await told(reader)).data as { job: { revision: number }; event: { text: string } }
    assert.deepEqual([live.event.text, live.job.revision], ['live', 2])
    await store.epochs.put(id, epochsOf('1-0', 0, 4))
    const epochs = (await told(reader)).data as { job: null; event: { type: string } }
    assert.deepEqual([epochs.event.type, epochs.job], ['epochs', null])
    await end(id)
    const last = (await told(reader)).data as { job: { state: string }; event: { to: string } }
    assert.deepEqual([last.event.to, last.job.state], ['cancelled', 'cancelled'])
    reader.leave()
  })

  test('job: a change of the record that is no event is told too', async () => {
    const { id } = await store.add()
    const reader = await follow([`job:${id}`])
    await told(reader)
    const job = await store.jobs.read(id)
    await store.jobs.commit(job, { ...job, slurm: slurmView() }, [], null)
    const { data } = await told(reader)
    assert.deepEqual([data.event, (data.job as { revision: number }).revision], [null, 2])
    reader.leave()
  })

  test('job: with a number all events that are kept after it', async () => {
    const { id } = await store.add()
    await note(id, 'one')
    await note(id, 'two')
    const reader = await follow([`job:${id}:1`])
    const texts = [await told(reader), await told(reader)].map(({ data }) => (data.event as { text: string }).text)
    assert.deepEqual(texts, ['one', 'two'])
    reader.leave()
  })

  test('all topics of a reader are resumed by one id, wherever it stopped, without a gap or a double', async () => {
    const [one, two] = [await store.add(), await store.add()]
    const topics = [`job:${one.id}:0`, `job:${two.id}:0`]
    for (let i = 0; i < 5; i++) {
      await note(one.id, `one ${i}`)
      await note(two.id, `two ${i}`)
    }
    await end(one.id)
    await end(two.id)
    const eventOf = ({ data }: Frame): string => {
      const { text, to } = (data.event ?? {}) as { text?: string; to?: string }
      return `${data.topic} ${text ?? to}`
    }
    const read = async (reader: EventReader, count: number): Promise<Frame[]> => {
      const frames: Frame[] = []
      while (frames.length < count) {
        const frame = await told(reader)
        if (frame.data.event !== null) frames.push(frame)
      }
      reader.leave()
      return frames
    }
    const whole = await read(await follow(topics), 14)
    const all = whole.map(eventOf).toSorted()
    assert.equal(new Set(all).size, 14)
    for (let stop = 1; stop < 14; stop++) {
      const rest = await read(await follow(topics, { from: whole[stop - 1]?.cursor ?? '' }), 14 - stop)
      assert.deepEqual([...whole.slice(0, stop), ...rest].map(eventOf).toSorted(), all, `after ${stop}`)
    }
  })

  test('an id of other topics is of no harm: what is known goes on, what is new begins', async () => {
    const { id } = await store.add()
    const before = await follow(['jobs', `job:${id}:0`])
    const [first, second] = [await told(before), await told(before)]
    before.leave()
    await note(id, 'meanwhile')
    const reader = await follow([`job:${id}:0`, 'clusters'], { from: (second ?? first).cursor })
    const frames = [await told(reader), await told(reader)]
    assert.deepEqual(frames.map(of).toSorted(), [
      ['cluster', 'clusters'],
      ['job', `job:${id}:0`],
    ])
    const event = frames.find(frame => frame.event === 'job')?.data.event as { text: string }
    assert.equal(event.text, 'meanwhile')
    reader.leave()
  })

  test('a topic that is not there, or not for this reader, is gone, and the others go on', async () => {
    const theirs = await store.add({ owner: { id: 'bob', name: 'Bob' } })
    const mine = await store.add()
    const absent = 'job:abcdefghjkmn'
    const reader = await follow([absent, `job:${theirs.id}`, `log:${theirs.id}:stdout`, `job:${mine.id}`])
    const frames = [await told(reader), await told(reader), await told(reader), await told(reader)]
    assert.deepEqual(
      frames.map(frame => [...of(frame), (frame.data.problem as { code: string } | undefined)?.code]).toSorted(),
      [
        ['gone', absent, 'job-not-found'],
        ['gone', `job:${theirs.id}`, 'job-not-found'],
        ['gone', `log:${theirs.id}:stdout`, 'job-not-found'],
        ['job', `job:${mine.id}`, undefined],
      ].toSorted(),
    )
    await note(mine.id, 'goes on')
    assert.deepEqual(of(await told(reader)), ['job', `job:${mine.id}`])
    reader.leave()
  })

  test('log: a cluster that is away for a moment is told, and the log goes on by itself to its last byte', async () => {
    const { id, file } = await jobWithLog(store, workDir, 'one\ntwo\n')
    const topic = `log:${id}:stdout`
    const reader = await follow([topic])
    assert.deepEqual(of(await told(reader)), ['attempt', topic])
    const trouble = await told(reader)
    assert.deepEqual(of(trouble), ['problem', topic])
    assert.equal((trouble.data.problem as { code: string }).code, 'cluster-unreachable')
    const owner = await answerAsOwner(store)
    const texts: unknown[] = []
    while (texts.join('') !== 'one\ntwo\n') {
      const frame = await told(reader)
      if (frame.event === 'log') texts.push(frame.data.text)
    }
    appendFileSync(file, 'three\n')
    const more = await told(reader)
    assert.deepEqual([more.data.offset, more.data.next, more.data.text], [8, 14, 'three\n'])
    reader.leave()
    const again = await follow([`${topic}:1:4`])
    assert.deepEqual((await told(again)).data.text, 'two\nthree\n')
    again.leave()
    await owner.close()
  })

  test('what is no topic, too many of them and an id that is none are refused by name', async () => {
    const pointers = async (query: string, headers: Record<string, string> = {}): Promise<unknown[]> => {
      const answer = await fetch(`${address}/v1/stream${query}`, {
        headers: { authorization: `Bearer ${TOKENS.ada}`, ...headers },
      })
      const { findings } = (await answer.json()) as { findings: { pointer: string }[] }
      return [answer.status, findings[0]?.pointer]
    }
    assert.deepEqual(await pointers(''), [400, '?topic'])
    assert.deepEqual(await pointers('?topic=nodes'), [400, '?topic.0'])
    assert.deepEqual(await pointers('?topic=jobs&topic=log:abcdefghjkmn:stdin'), [400, '?topic.1'])
    const many = Array.from({ length: MOST_TOPICS + 1 }, (_, i) => `topic=job:abcdefghjkmn:${i}`).join('&')
    assert.deepEqual(await pointers(`?${many}`), [400, '?topic'])
    for (const id of ['abc', '1:2', Buffer.from('{"jobs":7}').toString('base64url'), 'A'.repeat(7_000)])
      assert.deepEqual(await pointers('?topic=jobs', { 'last-event-id': id }), [400, 'header last-event-id'], id)
    const answer = await fetch(`${address}/v1/stream?topic=jobs`)
    assert.equal(answer.status, 401)
    await answer.body?.cancel()
  })

  test('a silent stream says that it lives within ten seconds', async () => {
    const { hostname, port } = new URL(address)
    // As this process counts them, which the server is in, too: where it is held up both are late.
    let seconds = 0
    let isOver = false
    const counting = (async () => {
      while (!isOver) {
        await sleep(1_000)
        seconds += 1
      }
    })()
    await new Promise<void>((resolve, reject) => {
      const asked = httpRequest(
        {
          hostname,
          port,
          path: '/v1/stream?topic=job:abcdefghjkmn',
          headers: { authorization: `Bearer ${TOKENS.ada}` },
        },
        answer => {
          answer.setEncoding('utf8')
          answer.on('data', (text: string) => {
            if (!text.includes(': still here')) {
              seconds = 0
              return
            }
            asked.destroy()
            resolve()
          })
        },
      )
      asked.on('error', reject)
      asked.end()
    })
    isOver = true
    await counting
    // Where the two tick at different moments, and what is late is late for one of them.
    assert.ok(seconds > 1 && seconds <= 12, `${seconds} s`)
  })

  test('readers that leave without a word are forgotten', async () => {
    const { id } = await store.add()
    const most = 20
    for (let round = 0; round < 3; round++) {
      const readers: EventReader[] = []
      await eventually('there is room for all streams', async () => {
        const reader = await follow(['jobs', `job:${id}`, 'clusters'])
        if (reader.status === 200) readers.push(reader)
        return readers.length === most
      })
      assert.equal((await follow(['jobs'])).status, 429)
      for (const reader of readers) reader.leave()
    }
  })

  test('a server that stops ends its streams, whatever they follow', { timeout: 120_000 }, async () => {
    const { id } = await store.add()
    const other = await rig.serve(store)
    const base = await other.http.listen({ host: '127.0.0.1', port: 0 })
    const reader = await readEvents(`${base}/v1/stream?topic=jobs&topic=clusters&topic=job:${id}`, {
      authorization: `Bearer ${TOKENS.ada}`,
    })
    await reader.next()
    // Were it open, the server would wait for it.
    await Promise.all([other.stop(), reader.rest().catch(() => [])])
  })
})
