// Lists of jobs by label, time and name, their counts, and which of them changed: on a real Redis.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { JobSummary } from '@trotline/contracts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import { CHANGED_JOBS_KEPT } from '../../apps/orchestrator/src/store/changed-script.ts'
import { LINE_FIELD } from '../../apps/orchestrator/src/store/job-line.ts'
import { MOST_LOOKED_AT } from '../../apps/orchestrator/src/store/job-list.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { AT, epochsOf, later, record, request, slurmView } from '../support/job-records.ts'
import { listedIds } from '../support/listed-ids.ts'
import { createRedisRig, type RedisRig, type Store } from '../support/orchestrator-store.ts'

describe('lists of jobs', () => {
  let rig: RedisRig
  before(async () => {
    rig = await createRedisRig()
  })
  after(() => rig.close())

  test('a line has what a list shows, in 500 bytes, whether it is kept or made anew from the record', async () => {
    const store = await rig.open()
    const hold = { stage: 'submit' as const, code: 'SLURM_REJECTED', detail: `é${'long '.repeat(100)}`, since: AT }
    const { id } = await store.add({ slurm: slurmView({ state: 'RUNNING' }), hold })
    await store.epochs.put(id, epochsOf('1-0', 0, 411))
    const [kept] = (await store.jobs.list({}, 1, null)).items
    assert.deepEqual([kept?.epochs, kept?.ofEpochs, kept?.loss, kept?.hold], [412, 1000, 1, 'SLURM_REJECTED'])
    assert.ok(Buffer.byteLength(JSON.stringify(JobSummary.parse(kept))) <= 500, JSON.stringify(kept))
    assert.match(kept?.why ?? '', /^élong long .*…$/)
    await store.redis.hdel(store.keys.job(id), LINE_FIELD)
    assert.deepEqual((await store.jobs.list({}, 1, null)).items, [kept])
  })

  test('the epochs of a line are counted also after they are sealed, and of a command that never said how many', async () => {
    const store = await rig.open()
    const training = { kind: 'command' as const, command: ['true'] }
    const { id } = await store.add({ request: request({}, { training }) })
    const [before] = (await store.jobs.list({}, 1, null)).items
    assert.deepEqual([before?.epochs, before?.ofEpochs, before?.loss], [0, 1, null])
    await store.epochs.put(id, epochsOf('1-0', 0, 6))
    await store.epochs.seal(id)
    const [after] = (await store.jobs.list({}, 1, null)).items
    assert.deepEqual([after?.epochs, after?.ofEpochs], [7, 7])
  })

  test('a loss that is no number is named in the line, and a loss afterwards takes its place', async () => {
    const store = await rig.open()
    const { id } = await store.add()
    const [first, second] = epochsOf('1-0', 0, 1)
    assert.ok(first && second)
    await store.epochs.put(id, [{ ...first, values: { loss: null }, nonFinite: { loss: 'nan' } }])
    const told = async (): Promise<unknown> => {
      const [line] = (await store.jobs.list({}, 1, null)).items
      return [line?.loss, line?.lossNonFinite]
    }
    assert.deepEqual(await told(), [null, 'nan'])
    await store.epochs.put(id, [second])
    assert.deepEqual(await told(), [1, null])
  })

  test('labels are all wanted, whoever asks and whatever else is', async () => {
    const store = await rig.open()
    const add = (labels: Record<string, string>, over: Partial<JobRecord> = {}): Promise<JobRecord> =>
      store.add({ request: request({}, { labels }), ...over })
    const both = await add({ team: 'crabs', paper: 'one' })
    const team = await add({ team: 'crabs' }, { state: 'failed', createdAt: later(1) })
    const theirs = await add(
      { team: 'crabs', paper: 'one' },
      { owner: { id: 'bob', name: 'Bob' }, createdAt: later(2) },
    )
    await add({ team: 'fish', paper: 'one' }, { createdAt: later(3) })
    const crabs = ['team', 'crabs'] as const
    const one = ['paper', 'one'] as const
    assert.deepEqual(await listedIds(store, { owner: 'ada', labels: [crabs] }), [team.id, both.id])
    assert.deepEqual(await listedIds(store, { owner: 'ada', labels: [crabs, one] }), [both.id])
    assert.deepEqual(await listedIds(store, { labels: [crabs, one] }), [theirs.id, both.id])
    assert.deepEqual(await listedIds(store, { owner: 'ada', labels: [crabs], state: 'failed' }), [team.id])
    assert.deepEqual(await listedIds(store, { labels: [['team', 'none']] }), [])
  })

  test('a filter is by its field, whatever other fields say', async () => {
    const store = await rig.open()
    const detail = 'said "name":"rare" and "state":"failed" and "hold":"x" to whoever asked'
    const hold = { stage: 'submit' as const, code: 'SLURM_REJECTED', detail, since: AT }
    const other = await store.add({ name: 'other', hold })
    const rare = await store.add({ name: 'rare', createdAt: later(1) })
    assert.deepEqual(await listedIds(store, { name: 'rare' }), [rare.id])
    assert.deepEqual(await listedIds(store, { name: 'rar' }), [])
    assert.deepEqual(await listedIds(store, { state: 'failed', name: 'other' }), [])
    assert.deepEqual(await listedIds(store, { held: true }), [other.id])
    await store.redis.hdel(store.keys.job(rare.id), LINE_FIELD)
    assert.deepEqual(await listedIds(store, { name: 'rare' }), [rare.id])
    assert.deepEqual(await listedIds(store, { name: 'other' }), [other.id])
  })

  test('since is by the time at which they were made, its own millisecond among them', async () => {
    const store = await rig.open()
    const made = await Promise.all([0, 1, 2].map(ms => store.add({ createdAt: later(ms) })))
    const sinceMs = Date.parse(later(1))
    assert.deepEqual(await listedIds(store, { sinceMs }, 1), [made[2]?.id, made[1]?.id])
    assert.deepEqual((await store.jobs.counts({ sinceMs })).states.accepted, 2)
  })

  test('held jobs are listed and counted until they are released', async () => {
    const store = await rig.open()
    await store.add()
    const held = await store.add({ hold: { stage: 'submit', code: 'X', detail: 'x', since: AT } })
    assert.deepEqual(await listedIds(store, { held: true }), [held.id])
    assert.deepEqual(await listedIds(store, { held: true, owner: 'bob' }), [])
    assert.deepEqual((await store.jobs.counts({ owner: 'ada' })).held, 1)
    const { next, events } = machine.released(held, AT, 'ada')
    await store.jobs.commit(held, next, events, null)
    assert.deepEqual([(await store.jobs.counts({})).held, await listedIds(store, { held: true })], [0, []])
  })

  test('counts are of each state, of one owner or of all', async () => {
    const store = await rig.open()
    await store.add({ state: 'running' })
    await store.add({ state: 'running', owner: { id: 'bob', name: 'Bob' } })
    await store.add({ state: 'failed' })
    const { states } = await store.jobs.counts({})
    assert.deepEqual([states.running, states.failed, states.completed], [2, 1, 0])
    assert.equal((await store.jobs.counts({ owner: 'ada' })).states.running, 1)
  })

  /** As many as are looked at in one call and more, in few writes at once. */
  async function addMany({ jobs }: Store, count: number, of: (i: number) => Partial<JobRecord>): Promise<JobRecord[]> {
    const made = Array.from({ length: count }, (_, i) => record(of(i)))
    for (let from = 0; from < count; from += 500)
      await Promise.all(
        made.slice(from, from + 500).map(job => jobs.create(job, [], { secret: 's', idempotency: null })),
      )
    return made
  }

  /** Lets `act` happen once, between the first and the second look for a page. */
  function between({ redis }: Store, act: () => Promise<unknown>): () => number {
    const scripts = redis as unknown as { trotlinePage(...args: unknown[]): Promise<unknown> }
    const look = scripts.trotlinePage
    let looks = 0
    scripts.trotlinePage = async (...args) => {
      const found = await look.apply(redis, args)
      looks += 1
      if (looks === 1) await act()
      return found
    }
    return () => looks
  }

  test('a job stands in a page once, whatever is made while the page is', async () => {
    const store = await rig.open()
    const far = await Promise.all([0, 1, 2].map(ms => store.add({ cluster: 'far', createdAt: later(ms) })))
    await addMany(store, 1_100, () => ({ createdAt: later(3) }))
    const looks = between(store, () => Promise.all([4, 4].map(ms => store.add({ createdAt: later(ms) }))))
    const page = await store.jobs.list({ cluster: 'far' }, 3, null)
    const wanted = far.map(({ id }) => id).toReversed()
    assert.deepEqual([page.items.map(({ id }) => id), page.nextCursor], [wanted, null])
    assert.ok(looks() > 1)
  })

  test('a job is not missed where those before it leave the list while a page is made', async () => {
    const store = await rig.open()
    const running = (ms: number): Partial<JobRecord> => ({ state: 'running', createdAt: later(ms) })
    const labelled = { request: request({}, { labels: { rare: 'yes' } }) }
    const rare = await Promise.all([0, 1].map(ms => store.add({ ...running(ms), ...labelled })))
    const others = await addMany(store, 1_100, i => running(2 + i))
    const looks = between(store, () =>
      Promise.all(others.slice(-20).map(job => store.jobs.commit(job, { ...job, state: 'failed' }, [], null))),
    )
    const page = await store.jobs.list({ state: 'running', labels: [['rare', 'yes']] }, 2, null)
    const wanted = rare.map(({ id }) => id).toReversed()
    assert.deepEqual(
      page.items.map(({ id }) => id),
      wanted,
    )
    assert.ok(looks() > 1)
  })

  test('of some hundred jobs that were made in one millisecond each is shown once', async () => {
    const store = await rig.open()
    const labels = { rare: 'yes' }
    const made = await addMany(store, 600, i =>
      i % 40 === 0 ? { name: 'rare', request: request({}, { labels }) } : { createdAt: later(i % 2) },
    )
    const rare = made.filter(({ name }) => name === 'rare').map(({ id }) => id)
    const wanted = rare.toSorted().toReversed()
    assert.deepEqual(await listedIds(store, { name: 'rare' }, 2), wanted)
    assert.deepEqual(await listedIds(store, { labels: [['rare', 'yes']] }, 2), wanted)
    assert.equal(new Set(await listedIds(store, { owner: 'ada' }, 7)).size, 600)
    assert.equal((await listedIds(store, { owner: 'ada' }, 7)).length, 600)
  })

  test('what no set is kept of costs each page a bounded look, and is found at the end of its cursors', async () => {
    const store = await rig.open()
    const far = await store.add({ cluster: 'far' })
    // All of one millisecond, so that the second page has more jobs of its first millisecond behind it than are looked at for a page.
    await addMany(store, MOST_LOOKED_AT + 1_500, () => ({ createdAt: later(1) }))
    const first = await store.jobs.list({ owner: 'ada', cluster: 'far' }, 2, null)
    assert.deepEqual(first.items, [])
    assert.ok(first.nextCursor !== null)
    const second = await store.jobs.list({ owner: 'ada', cluster: 'far' }, 2, first.nextCursor)
    assert.deepEqual([second.items.map(({ id }) => id), second.nextCursor], [[far.id], null])
  })
})

describe('which jobs changed', () => {
  let rig: RedisRig
  before(async () => {
    rig = await createRedisRig()
  })
  after(() => rig.close())

  test('every write and every epoch is a change of its owner’s and of all, in order, each job once', async () => {
    const store = await rig.open()
    const start = await store.jobs.changed('ada', null, 10)
    assert.deepEqual([start.reset, start.jobs], [false, []])
    const [one, two] = [await store.add(), await store.add()]
    const theirs = await store.add({ owner: { id: 'bob', name: 'Bob' } })
    await store.epochs.put(one.id, epochsOf('1-0', 0, 0))
    const found = await store.jobs.changed('ada', start.cursor, 10)
    assert.deepEqual(
      found.jobs.map(({ id }) => id),
      [two.id, one.id],
    )
    assert.deepEqual(
      (await store.jobs.changed(null, start.cursor, 10)).jobs.map(({ id }) => id),
      [two.id, theirs.id, one.id],
    )
    assert.deepEqual((await store.jobs.changed('ada', found.cursor, 10)).jobs, [])
    const part = await store.jobs.changed('ada', start.cursor, 1)
    assert.deepEqual(
      (await store.jobs.changed('ada', part.cursor, 10)).jobs.map(({ id }) => id),
      [one.id],
    )
  })

  test('a report that comes twice is no change', async () => {
    const store = await rig.open()
    const { id } = await store.add()
    await store.epochs.put(id, epochsOf('1-0', 0, 0))
    const { cursor } = await store.jobs.changed('ada', null, 10)
    await store.epochs.put(id, epochsOf('1-0', 0, 0))
    assert.deepEqual((await store.jobs.changed('ada', cursor, 10)).jobs, [])
  })

  test('numbers grow also where the clock of the store went back', async () => {
    const store = await rig.open()
    const future = Date.now() + 3_600_000
    await store.redis.zadd(store.keys.changedJobs(), future, 'abcdefghjkmn')
    const { id } = await store.add()
    const { jobs } = await store.jobs.changed('ada', future, 10)
    assert.deepEqual(jobs, [{ id, number: future + 1 }])
  })

  test('the lists are bounded, and who was away for longer is told to begin anew', async () => {
    const store = await rig.open()
    const early = await store.jobs.changed('ada', null, 1)
    const { id: first } = await store.add()
    const known = await store.jobs.changed('ada', null, 1)
    for (let from = 0; from < CHANGED_JOBS_KEPT + 10; from += 500)
      await Promise.all(
        Array.from({ length: Math.min(500, CHANGED_JOBS_KEPT + 10 - from) }, () =>
          store.jobs.create(record(), [], { secret: 's', idempotency: null }),
        ),
      )
    assert.equal(await store.redis.zcard(store.keys.changedJobsOf('ada')), CHANGED_JOBS_KEPT)
    assert.equal(await store.redis.zscore(store.keys.changedJobs(), first), null)
    assert.deepEqual((await store.jobs.changed('ada', known.cursor, 10)).reset, true)
    assert.deepEqual((await store.jobs.changed('ada', early.cursor, 10)).reset, true)
    const { cursor } = await store.jobs.changed('ada', null, 1)
    assert.deepEqual(await store.jobs.changed('ada', cursor, 10), { cursor, reset: false, jobs: [] })
  })
})
