// Lists of jobs by all that can be asked for together, and by name also where an older version made the jobs: on a real Redis.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { LINE_FIELD } from '../../apps/orchestrator/src/store/job-line.ts'
import type { ListFilter } from '../../apps/orchestrator/src/store/job-list.ts'
import { createNameIndex, NAMES_AT_ONCE } from '../../apps/orchestrator/src/store/name-index.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { eventually } from '../support/eventually.ts'
import { AT, later, record, request } from '../support/job-records.ts'
import { listedIds } from '../support/listed-ids.ts'
import { createRedisRig, type RedisRig, type Store } from '../support/orchestrator-store.ts'

const ready = new AbortController().signal

describe('filters of a list of jobs', () => {
  let rig: RedisRig
  before(async () => {
    rig = await createRedisRig()
  })
  after(() => rig.close())

  const addAll = (store: Store, count: number, of: (i: number) => Partial<JobRecord>): Promise<JobRecord[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => store.add(of(i))))

  /** As a version leaves jobs that keeps no sets of names. */
  async function forgetNames({ redis, keys }: Store, jobs: readonly JobRecord[]): Promise<void> {
    await Promise.all(
      jobs.map(async ({ id, name, owner }) => {
        await redis.zrem(keys.byName(name), id)
        assert.equal(await redis.zrem(keys.byOwnerName(owner.id, name), id), 1)
        await redis.decr(keys.named())
      }),
    )
  }

  async function named({ redis, keys }: Store): Promise<number> {
    return Number(await redis.get(keys.named()))
  }

  /** How many rows were looked at since. */
  function countLooked({ redis }: Store): () => number {
    const scripts = redis as unknown as { trotlinePage(...args: unknown[]): Promise<[looked: number]> }
    const look = scripts.trotlinePage
    let looked = 0
    scripts.trotlinePage = async (...args) => {
      const found = await look.apply(redis, args)
      looked += found[0]
      return found
    }
    return () => looked
  }

  test('every combination shows the jobs that fit, newest first, also of older versions of the server', async () => {
    const store = await rig.open()
    const hold = { stage: 'submit' as const, code: 'X', detail: 'x', since: AT }
    const labelsOf = (i: number) => ({ ...(i % 8 < 5 ? { team: 'crabs' } : {}), ...(i % 9 < 5 ? { paper: 'a' } : {}) })
    const made = await addAll(store, 84, i => ({
      owner: i % 3 === 0 ? { id: 'bob', name: 'Bob' } : { id: 'ada', name: 'Ada' },
      ...{ state: i % 4 === 0 ? 'failed' : 'running', cluster: i % 5 < 2 ? 'far' : 'local' },
      ...{ name: i % 2 === 0 ? 'one' : 'other', hold: i % 7 < 3 ? hold : null },
      request: request({}, { labels: labelsOf(i) }),
      createdAt: later(Math.floor(i / 6)),
    }))
    const newestFirst = made.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt) || (a.id < b.id ? 1 : -1))
    const fitting = ({ labels = [], sinceMs, held, owner, ...words }: ListFilter): string[] =>
      newestFirst
        .filter(
          job =>
            (owner === undefined || job.owner.id === owner) &&
            Object.entries(words).every(([field, value]) => job[field as 'name'] === value) &&
            labels.every(([key, value]) => job.request.labels[key] === value) &&
            (sinceMs === undefined || Date.parse(job.createdAt) >= sinceMs) &&
            (held === undefined || job.hold !== null),
        )
        .map(({ id }) => id)
    const crabs = ['team', 'crabs'] as const
    const choices: readonly (readonly ListFilter[])[] = [
      [{}, { owner: 'ada' }],
      [{}, { state: 'running' }],
      [{}, { cluster: 'far' }],
      [{}, { name: 'one' }],
      [{}, { labels: [crabs] }, { labels: [crabs, ['paper', 'a']] }],
      [{}, { sinceMs: Date.parse(later(5)) }],
      [{}, { held: true }],
    ]
    const filters = choices.reduce<ListFilter[]>(
      (all, some) => all.flatMap(filter => some.map(one => ({ ...filter, ...one }))),
      [{}],
    )
    assert.equal(filters.length, 192)
    const allFit = async (): Promise<void> => {
      for (const filter of filters)
        assert.deepEqual(await listedIds(store, filter, 9), fitting(filter), JSON.stringify(filter))
    }
    await allFit()
    await forgetNames(store, made.slice(0, 60))
    for (const { id } of made.filter((_, i) => i % 6 === 1)) await store.redis.hdel(store.keys.job(id), LINE_FIELD)
    await allFit()
  })

  test('by name, whoever asks, no other jobs are looked at', async () => {
    const store = await rig.open()
    const made = await addAll(store, 40, i => ({ name: i % 20 === 0 ? 'rare' : 'other', createdAt: later(i) }))
    const rare = made.filter(({ name }) => name === 'rare').map(({ id }) => id)
    for (const filter of [{ owner: 'ada' }, {}, { owner: 'ada', state: 'accepted' as const }]) {
      const looked = countLooked(store)
      assert.deepEqual(await listedIds(store, { ...filter, name: 'rare' }, 50), rare.toReversed())
      assert.equal(looked(), 2, JSON.stringify(filter))
    }
  })

  test('a page looks no further than the jobs that it shows, and one more', async () => {
    const store = await rig.open()
    await addAll(store, 60, i => ({ state: i % 2 === 0 ? 'running' : 'failed', createdAt: later(i) }))
    for (const [filter, most] of [
      [{ owner: 'ada' }, 11],
      [{ state: 'running', owner: 'ada' }, 11],
      [{ cluster: 'local' }, 11],
    ] as const) {
      const looked = countLooked(store)
      const { nextCursor } = await store.jobs.list(filter, 10, null)
      assert.equal(looked(), most)
      await store.jobs.list(filter, 10, nextCursor)
      // And from its cursor, the job before it.
      assert.equal(looked(), most + 12)
    }
  })

  test('each job is counted once among those that have a name, however often it is written', async () => {
    const store = await rig.open()
    const [job] = await addAll(store, 3, () => ({}))
    assert.ok(job)
    await store.jobs.commit(job, { ...job, state: 'failed' }, [], null)
    await assert.rejects(store.jobs.commit(job, { ...job, state: 'running' }, [], null))
    const key = { owner: 'ada', keySha256: 'k', bodySha256: 'b' }
    const [first, again] = [record(), record()]
    await store.jobs.create(first, [], { secret: 's', idempotency: key })
    assert.deepEqual(await store.jobs.create(again, [], { secret: 's', idempotency: key }), {
      id: first.id,
      created: false,
    })
    assert.equal(await named(store), 4)
    assert.equal(await store.redis.zcard(store.keys.all()), 4)
  })

  test('jobs of an older version are brought in once, whatever others bring in or write meanwhile', async () => {
    const store = await rig.open()
    const count = NAMES_AT_ONCE * 2 + 30
    const old = await addAll(store, count, i => ({
      name: i % 50 === 0 ? 'rare' : 'other',
      createdAt: later(i % 100),
      owner: i % 100 === 0 ? { id: 'bob', name: 'Bob' } : { id: 'ada', name: 'Ada' },
    }))
    await forgetNames(store, old)
    for (const { id } of old.slice(0, 60)) await store.redis.hdel(store.keys.job(id), LINE_FIELD, 'owner')
    const other = store.waiting()
    const [written] = old
    assert.ok(written)
    const [here, there, fresh] = await Promise.all([
      createNameIndex(store.redis, store.keys).bringIn(ready),
      createNameIndex(other, store.keys).bringIn(ready),
      store.add({ name: 'rare', createdAt: later(500) }),
      store.jobs.commit(written, { ...written, state: 'failed' }, [], null),
    ])
    assert.ok(here + there === count || here + there === count - 1, `${here} and ${there} of ${count}`)
    assert.equal(await named(store), count + 1)
    const looked = countLooked(store)
    const rare = old.filter(({ name }) => name === 'rare')
    const newestFirst = rare.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt) || (a.id < b.id ? 1 : -1))
    assert.deepEqual(await listedIds(store, { name: 'rare' }, 50), [fresh.id, ...newestFirst.map(({ id }) => id)])
    assert.equal(looked(), rare.length + 1)
    for (const { id, owner } of rare)
      assert.notEqual(await store.redis.zscore(store.keys.byOwnerName(owner.id, 'rare'), id), null)
  })

  test('until all are brought in none is missed, and where that was cut off it is done again', async () => {
    const store = await rig.open()
    const old = await addAll(store, NAMES_AT_ONCE + 20, i => ({
      name: i === 0 ? 'rare' : 'other',
      createdAt: later(i),
    }))
    await forgetNames(store, old)
    const stopping = new AbortController()
    const index = createNameIndex(store.redis, store.keys)
    const scripts = store.redis as unknown as { trotlineName(...args: unknown[]): Promise<unknown> }
    const bring = scripts.trotlineName
    scripts.trotlineName = (...args) => {
      stopping.abort()
      return bring.apply(store.redis, args)
    }
    assert.equal(await index.bringIn(stopping.signal), NAMES_AT_ONCE)
    const [rare] = old
    const newer = await store.add({ name: 'rare', createdAt: later(1_000) })
    assert.deepEqual(await listedIds(store, { owner: 'ada', name: 'rare' }, 50), [newer.id, rare?.id])
    await createNameIndex(store.redis, store.keys).bringIn(ready)
    assert.equal(await named(store), old.length + 1)
    assert.deepEqual(await listedIds(store, { owner: 'ada', name: 'rare' }, 50), [newer.id, rare?.id])
  })

  test('what an older server makes while others are brought in is brought in the next time', async () => {
    const store = await rig.open()
    const old = await addAll(store, NAMES_AT_ONCE + 20, i => ({ createdAt: later(i) }))
    await forgetNames(store, old)
    const scripts = store.redis as unknown as { trotlineName(...args: unknown[]): Promise<unknown> }
    const index = createNameIndex(store.redis, store.keys)
    const bring = scripts.trotlineName
    scripts.trotlineName = async (...args) => {
      scripts.trotlineName = bring
      await forgetNames(store, [await store.add({ createdAt: later(1_000) })])
      return bring.apply(store.redis, args)
    }
    assert.equal(await index.bringIn(ready), old.length)
    assert.equal(await index.bringIn(ready), 1)
    assert.equal(await named(store), old.length + 1)
  })

  test('a job whose record cannot be read keeps no other from being found, and is not looked for again and again', async () => {
    const store = await rig.open()
    const old = await addAll(store, NAMES_AT_ONCE + 20, i => ({ name: i % 2 === 0 ? 'even' : 'odd' }))
    await forgetNames(store, old)
    const [broken, ...rest] = old
    assert.ok(broken)
    await store.redis.hdel(store.keys.job(broken.id), LINE_FIELD)
    await store.redis.hset(store.keys.job(broken.id), 'record', '{"name":"ev')
    const index = createNameIndex(store.redis, store.keys)
    assert.equal(await index.bringIn(ready), rest.length)
    const even = rest.filter(({ name }) => name === 'even')
    assert.deepEqual((await listedIds(store, { name: 'even' }, 50)).toSorted(), even.map(({ id }) => id).toSorted())
    const scripts = store.redis as unknown as { trotlineUnnamed(...args: unknown[]): Promise<unknown> }
    const look = scripts.trotlineUnnamed
    let looks = 0
    scripts.trotlineUnnamed = (...args) => {
      looks += 1
      return look.apply(store.redis, args)
    }
    assert.equal(await index.bringIn(ready), 0)
    assert.equal(looks, 1)
    // An older server that runs beside makes a job: that is seen, and no more is looked at than what holds it.
    const late = await store.add({ name: 'even', createdAt: later(10) })
    await forgetNames(store, [late])
    assert.equal(await index.bringIn(ready), 1)
    assert.equal(looks, 3)
  })

  test('a server brings them in when it starts', async () => {
    const store = await rig.open()
    const old = await Promise.all(
      ['rare', 'other'].map(name => store.add({ name, state: 'completed' }, { dueAt: null })),
    )
    await forgetNames(store, old)
    const app = await rig.serve(store)
    await app.start()
    await eventually('all are brought in', async () => (await named(store)) === old.length)
    assert.notEqual(await store.redis.zscore(store.keys.byOwnerName('ada', 'rare'), old[0]?.id ?? ''), null)
  })
})
