// Epochs in a real Redis: any order, any repetition, runs superseding runs, and the sealed form after the end.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Epoch, JobEvent, rankOf } from '@trotline/contracts'
import { epochsOf } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store } from '../support/orchestrator-store.ts'

describe('the epoch store', () => {
  let rig: RedisRig
  let store: Store
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open()
  })
  after(() => rig.close())

  const shown = async (id: string): Promise<string[]> =>
    (await store.epochs.read(id, -1, 10_000)).map(epoch => `${epoch.epoch}:${epoch.run}`)
  const named = (epochs: readonly Epoch[]): string[] => epochs.map(epoch => `${epoch.epoch}:${epoch.run}`)

  test('epochs are read back word for word and in order, however they came', async () => {
    const job = await store.add()
    const all = epochsOf('1-0', 0, 19)
    for (const epoch of all.toReversed()) assert.equal(await store.epochs.put(job.id, [epoch]), 1)
    assert.deepEqual(await store.epochs.read(job.id, -1, 100), all)
    assert.deepEqual(await store.epochs.read(job.id, 4, 3), all.slice(5, 8))
    assert.deepEqual(await store.epochs.read(job.id, 19, 10), [])
    assert.deepEqual(await store.epochs.read(job.id, -1, 0), [])
  })

  test('a few epochs, evenly spread and the newest among them, are the same while the job lives and once it is sealed', async () => {
    const job = await store.add()
    await store.epochs.put(job.id, epochsOf('1-0', 0, 2_345))
    const spread = await store.epochs.readSpread(job.id, 2_345, 24)
    assert.deepEqual(
      spread.map(({ epoch }) => epoch),
      [...Array.from({ length: 19 }, (_, i) => i * 128), 2_345],
    )
    await store.epochs.seal(job.id)
    assert.deepEqual(await store.epochs.readSpread(job.id, 2_345, 24), spread)
    assert.deepEqual(
      (await store.epochs.readSpread(job.id, 3, 24)).map(({ epoch }) => epoch),
      [0, 1, 2, 3],
    )
  })

  test('a report that comes twice is stored once and told once', async () => {
    const job = await store.add()
    assert.equal(await store.epochs.put(job.id, epochsOf('1-0', 0, 9)), 10)
    const seq = await store.jobs.lastSeq(job.id)
    assert.equal(await store.epochs.put(job.id, epochsOf('1-0', 0, 9)), 0)
    assert.equal(await store.jobs.lastSeq(job.id), seq)
    assert.equal((await store.epochs.progress(job)).epochs, 10)
  })

  test('a first word about an epoch stands: a repeated one does not overwrite it', async () => {
    const job = await store.add()
    const [epoch] = epochsOf('1-0', 0, 0)
    assert.ok(epoch)
    await store.epochs.put(job.id, [epoch])
    await store.epochs.put(job.id, [{ ...epoch, values: { loss: 99 } }])
    assert.deepEqual(await store.epochs.read(job.id, -1, 1), [epoch])
  })

  test('a later run supersedes from its first epoch on, visibly', async () => {
    const job = await store.add()
    await store.epochs.put(job.id, epochsOf('1-0', 0, 9))
    await store.epochs.put(job.id, epochsOf('1-1', 4, 5, 2))
    assert.deepEqual(await shown(job.id), [...named(epochsOf('1-0', 0, 3)), ...named(epochsOf('1-1', 4, 5))])
    const progress = await store.epochs.progress(job)
    assert.deepEqual([progress.epochs, progress.superseded, progress.last?.epoch, progress.last?.run], [6, 6, 5, '1-1'])
  })

  test('a next submission supersedes any restart of the one before', async () => {
    const job = await store.add()
    await store.epochs.put(job.id, epochsOf('1-7', 0, 3))
    await store.epochs.put(job.id, epochsOf('2-0', 0, 1))
    assert.deepEqual(await shown(job.id), ['0:2-0', '1:2-0'])
  })

  test('an older run’s late report of a superseded epoch is dropped, and an earlier one is kept', async () => {
    const job = await store.add()
    await store.epochs.put(job.id, epochsOf('1-1', 5, 6, 2))
    assert.equal(await store.epochs.put(job.id, epochsOf('1-0', 3, 8)), 2)
    assert.deepEqual(await shown(job.id), ['3:1-0', '4:1-0', '5:1-1', '6:1-1'])
    assert.equal((await store.epochs.progress(job)).last?.run, '1-1')
  })

  test('three runs leave the same record in whatever order their reports come', async () => {
    const reports = [
      epochsOf('1-0', 0, 6),
      epochsOf('1-1', 3, 4, 2),
      epochsOf('1-1', 5, 8, 2),
      epochsOf('2-0', 7, 7, 3),
      epochsOf('2-0', 6, 6, 3),
    ]
    // What holds an epoch is the latest run that began at it or before it.
    const runs = ['1-0', '1-1', '2-0'].map(run => {
      const epochs = reports.flat().filter(epoch => epoch.run === run)
      return { run, first: Math.min(...epochs.map(epoch => epoch.epoch)), epochs }
    })
    const expected = runs
      .flatMap(({ run, epochs }) =>
        epochs.filter(({ epoch }) => !runs.some(other => rankOf(other.run) > rankOf(run) && other.first <= epoch)),
      )
      .toSorted((a, b) => a.epoch - b.epoch)
    assert.deepEqual(named(expected), ['0:1-0', '1:1-0', '2:1-0', '3:1-1', '4:1-1', '5:1-1', '6:2-0', '7:2-0'])
    for (const order of permutations(reports)) {
      const job = await store.add()
      for (const report of order) await store.epochs.put(job.id, report)
      assert.deepEqual(await store.epochs.read(job.id, -1, 100), expected, named(order.flat()).join(' '))
      assert.deepEqual((await store.epochs.progress(job)).last, expected.at(-1))
    }
  })

  test('one report of two runs is stored for both', async () => {
    const job = await store.add()
    assert.equal(await store.epochs.put(job.id, [...epochsOf('1-0', 0, 1), ...epochsOf('1-1', 1, 2, 2)]), 4)
    assert.deepEqual(await shown(job.id), ['0:1-0', '1:1-1', '2:1-1'])
  })

  test('each batch is an event with its range and the total', async () => {
    const job = await store.add()
    await store.epochs.put(job.id, epochsOf('1-0', 0, 9))
    await store.epochs.put(job.id, epochsOf('1-0', 8, 14))
    const { events } = await store.jobs.eventsAfter(job.id, 1, 10)
    const told = events.map(({ event }) => JobEvent.parse(event))
    assert.deepEqual(
      told.map(event => event.type === 'epochs' && [event.first, event.last.epoch, event.count, event.total]),
      [
        [0, 9, 10, 10],
        [10, 14, 5, 15],
      ],
    )
  })

  test('epochs of a job that nobody stored are not kept', async () => {
    assert.equal(await store.epochs.put('zzzzzzzzzzzz', epochsOf('1-0', 0, 1)), 0)
    assert.equal(await store.redis.exists(store.keys.epochs('zzzzzzzzzzzz')), 0)
  })

  describe('2,500 epochs', () => {
    let id: string
    const all = epochsOf('1-0', 0, 2_499)
    before(async () => {
      id = (await store.add()).id
      assert.equal(await store.epochs.put(id, all), 2_500)
    })
    const ranges = [
      [-1, 2_500],
      [-1, 1],
      [998, 3],
      [999, 1_000],
      [500, 1_600],
      [1_999, 1],
      [2_498, 50],
      [2_499, 10],
      [9_999, 10],
    ] as const
    const check = async (): Promise<void> => {
      for (const [after, limit] of ranges) {
        assert.deepEqual(
          await store.epochs.read(id, after, limit),
          all.slice(after + 1, after + 1 + limit),
          `${after} ${limit}`,
        )
      }
      const progress = await store.epochs.progress(await store.jobs.read(id))
      assert.deepEqual([progress.epochs, progress.last], [2_500, all.at(-1)])
    }

    test('are read by range', check)

    test('take less room when sealed and are read by the same ranges', async () => {
      const room = async (key: string): Promise<number> => Number(await store.redis.call('MEMORY', 'USAGE', key))
      const before = await room(store.keys.epochs(id))
      await store.epochs.seal(id)
      assert.equal(await store.redis.exists(store.keys.epochs(id)), 0)
      assert.ok((await room(store.keys.finalEpochs(id))) < before / 3)
      await check()
    })

    test('are closed to late reports once sealed', async () => {
      const seq = await store.jobs.lastSeq(id)
      assert.equal(await store.epochs.put(id, epochsOf('2-0', 0, 3_000, 2)), 0)
      assert.equal(await store.jobs.lastSeq(id), seq)
      await check()
    })

    test('are sealed twice without a loss', async () => {
      await store.epochs.seal(id)
      await check()
    })
  })

  for (const [what, late] of [
    ['more epochs', epochsOf('1-0', 3, 5)],
    ['as many of a later run', epochsOf('1-1', 1, 2, 2)],
  ] as const) {
    test(`a report that comes while a job is sealed is sealed with it: ${what}`, async () => {
      const job = await store.add()
      await store.epochs.put(job.id, epochsOf('1-0', 0, 2))
      const { redis } = store
      const read = redis.hgetall.bind(redis)
      redis.hgetall = (async (key: string) => {
        const all = await read(key)
        redis.hgetall = read
        await store.epochs.put(job.id, late)
        return all
      }) as typeof redis.hgetall
      await store.epochs.seal(job.id)
      const expected = [...epochsOf('1-0', 0, 2).filter(({ epoch }) => epoch < (late[0]?.epoch ?? 0)), ...late]
      assert.deepEqual(await store.epochs.read(job.id, -1, 100), expected)
      assert.equal((await store.epochs.progress(job)).epochs, expected.length)
      assert.equal(await redis.exists(store.keys.epochs(job.id)), 0)
    })
  }

  test('the progress of a job that is sealed while it is read counts every epoch', async t => {
    const job = await store.add()
    await store.epochs.put(job.id, epochsOf('1-0', 0, 20))
    const { redis } = store
    let asked: Promise<unknown> = Promise.resolve()
    // Whatever is asked first, the sealing comes between it and the next question.
    for (const command of ['hlen', 'hmget'] as const) {
      const ask = redis[command].bind(redis) as (...args: unknown[]) => Promise<unknown>
      const asksInTurn = (...args: unknown[]) => {
        const answer = asked.then(() => ask(...args))
        asked = answer.then(() => store.epochs.seal(job.id))
        return answer
      }
      t.mock.method(redis, command, asksInTurn)
    }
    assert.equal((await store.epochs.progress(job)).epochs, 21)
    await asked
    assert.equal((await store.epochs.progress(job)).epochs, 21)
  })

  test('a job without epochs is sealed too', async () => {
    const job = await store.add()
    await store.epochs.seal(job.id)
    await store.epochs.seal(job.id)
    assert.equal(await store.epochs.put(job.id, epochsOf('1-0', 0, 1)), 0)
    assert.deepEqual(await store.epochs.read(job.id, -1, 10), [])
    assert.equal((await store.epochs.progress(job)).epochs, 0)
  })

  test('a gap longer than a chunk does not hide what comes after it', async () => {
    const job = await store.add()
    const epochs = [...epochsOf('1-0', 0, 1), ...epochsOf('1-0', 2_100, 2_101)]
    await store.epochs.put(job.id, epochs)
    assert.deepEqual(await store.epochs.read(job.id, -1, 3_000), epochs)
    await store.epochs.seal(job.id)
    assert.deepEqual(await store.epochs.read(job.id, -1, 3_000), epochs)
  })
})

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map(rest => [item, ...rest]))
}
