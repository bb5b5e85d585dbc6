// Words that a job changed, over a real Redis: none that comes between a reader's look and its wait is lost.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { OrchestratorError } from '../../apps/orchestrator/src/errors.ts'
import { type Changes, createChanges } from '../../apps/orchestrator/src/streams/changes.ts'
import { followJob } from '../../apps/orchestrator/src/streams/job-events.ts'
import { eventually } from '../support/eventually.ts'
import { AT, epochsOf } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store } from '../support/orchestrator-store.ts'

/** Long enough that a reader who only looks again by itself is told from one who was woken. */
const LONG_MS = 60_000

describe('changes', () => {
  let rig: RedisRig
  let store: Store
  let changes: Changes
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open()
    changes = await createChanges(store.waiting(), store.keys)
  })
  after(async () => {
    changes.close()
    await rig.close()
  })

  /** Resolves once this process has heard all that was said before. */
  async function heard(): Promise<void> {
    const mark = changes.of('mark')
    await store.redis.publish(store.keys.changed(), 'mark')
    await mark.next(LONG_MS, new AbortController().signal)
    mark.close()
  }

  test('a word that came before the wait ends it at once, and only that wait', async () => {
    const reader = changes.of('one')
    await store.redis.publish(store.keys.changed(), 'one')
    await heard()
    const { signal } = new AbortController()
    assert.equal(await reader.next(LONG_MS, signal), true)
    assert.equal(await reader.next(1, signal), false)
    reader.close()
  })

  test('every reader of a job hears of it, and a reader of another job does not', async () => {
    const readers = [changes.of('two'), changes.of('two'), changes.of('three')]
    await store.redis.publish(store.keys.changed(), 'two')
    await heard()
    const { signal } = new AbortController()
    assert.deepEqual(await Promise.all(readers.map(reader => reader.next(1, signal))), [true, true, false])
    for (const reader of readers) reader.close()
  })

  test('a reader that leaves is waited for no longer, and the others still hear', async () => {
    const [leaves, stays] = [changes.of('four'), changes.of('four')]
    leaves.close()
    leaves.close()
    await store.redis.publish(store.keys.changed(), 'four')
    assert.equal(await stays.next(LONG_MS, new AbortController().signal), true)
    stays.close()
    const leaving = new AbortController()
    const waits = changes.of('four').next(LONG_MS, leaving.signal)
    leaving.abort()
    assert.equal(await waits, false)
  })

  test('of a job that reports all the time a reader gets every batch, without reading the record each time', async () => {
    const job = await store.add({ state: 'running' })
    let reads = 0
    const jobs = {
      ...store.jobs,
      read: (id: string) => {
        reads += 1
        return store.jobs.read(id)
      },
    }
    const leaving = new AbortController()
    const fromMs = performance.now()
    const seen: number[] = []
    const reading = (async () => {
      for await (const followed of followJob(jobs, changes, job.id, 1, leaving.signal)) {
        if ('seq' in followed && followed.event.type === 'epochs') seen.push(followed.event.last.epoch)
      }
    })()
    await eventually('the reader waits', () => reads === 1)
    for (let epoch = 0; epoch < 40; epoch++) await store.epochs.put(job.id, epochsOf('1-0', epoch, epoch))
    await eventually('all have come', () => seen.length === 40)
    leaving.abort()
    await reading
    assert.deepEqual(
      seen,
      Array.from({ length: 40 }, (_, i) => i),
    )
    // One at first, and another every 15 s for whoever waits: on a loaded disk 40 batches may take that long.
    const most = 1 + Math.floor((performance.now() - fromMs) / 15_000)
    assert.ok(reads <= most, `${reads} reads for 40 batches`)
  })

  test('a reader that resumes after the last event of an ended job is let go at once', async () => {
    const job = await store.add({ state: 'completed', endedAt: AT }, { dueAt: null })
    const seen: unknown[] = []
    for await (const followed of followJob(store.jobs, changes, job.id, 1, new AbortController().signal)) {
      seen.push(followed)
    }
    assert.deepEqual(seen, [])
  })

  test('a stream outlives a store that is away for a moment, and ends with any other trouble', async () => {
    const job = await store.add({ state: 'running' })
    await store.epochs.put(job.id, epochsOf('1-0', 0, 0))
    for (const [code, expected] of [
      ['STORE_UNREACHABLE', 'epochs'],
      ['STORE_RECORD_UNREADABLE', 'STORE_RECORD_UNREADABLE'],
    ] as const) {
      let troubles = 2
      const jobs = {
        ...store.jobs,
        eventsAfter: async (...args: Parameters<typeof store.jobs.eventsAfter>) => {
          if (troubles-- > 0) throw new OrchestratorError(code, 'Not now')
          return store.jobs.eventsAfter(...args)
        },
      }
      const leaving = new AbortController()
      const first = await followJob(jobs, changes, job.id, 1, leaving.signal)
        .next()
        .then(
          ({ value }) => (value && 'seq' in value ? value.event.type : 'idle'),
          (error: OrchestratorError) => error.code,
        )
      leaving.abort()
      assert.equal(first, expected)
    }
  })
})
