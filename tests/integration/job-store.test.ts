// Jobs in a real Redis: what is written together, what is refused, and what the lists say afterwards.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { JOB_STATES, type JobEvent } from '@trotline/contracts'
import { pino } from 'pino'
import { OrchestratorError, type OrchestratorErrorCode } from '../../apps/orchestrator/src/errors.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import { LINE_FIELD } from '../../apps/orchestrator/src/store/job-line.ts'
import { createJobStore } from '../../apps/orchestrator/src/store/job-store.ts'
import { indexKeys } from '../../apps/orchestrator/src/store/keys.ts'
import { createLease } from '../../apps/orchestrator/src/store/lease.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { AT, later, record, request, sha256 } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store } from '../support/orchestrator-store.ts'

const failing = (code: OrchestratorErrorCode) => (error: unknown) =>
  error instanceof OrchestratorError && error.code === code
const note = (text: string): JobEvent => ({ type: 'note', at: AT, text })
const key = (name: string, body = 'body') => ({ owner: 'ada', keySha256: sha256(name), bodySha256: sha256(body) })

describe('the job store', () => {
  let rig: RedisRig
  let store: Store
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open()
  })
  after(() => rig.close())

  /** The sorted sets that hold the job, with `due` where it stands there. */
  async function listedIn({ keys, redis }: Store, job: JobRecord): Promise<string[]> {
    const lists = new Set(JOB_STATES.flatMap(state => indexKeys(keys, { ...job, state })))
    const found = await Promise.all(
      [...lists, keys.due(job.cluster)].map(async list => [list, await redis.zscore(list, job.id)] as const),
    )
    return found.filter(([, score]) => score !== null).map(([list]) => list)
  }

  test('a stored job is read back word for word', async () => {
    const job = record({ request: request({}, { labels: { team: 'crabs' } }) })
    assert.deepEqual(await store.jobs.create(job, [], { secret: 's', idempotency: null }), {
      id: job.id,
      created: true,
    })
    assert.deepEqual(await store.jobs.read(job.id), job)
    assert.equal(await store.jobs.secret(job.id), 's')
  })

  test('what REST shows has the progress and none of the server’s own notes', async () => {
    const job = await store.add()
    const view = await store.jobs.view(job.id)
    assert.deepEqual(view.progress, { epochs: 0, of: 1000, superseded: 0, last: null })
    assert.ok(!('inner' in view) && !('schemaVersion' in view))
  })

  test('a job that was never stored is not found', async () => {
    await assert.rejects(store.jobs.read('abcdefghjkmn'), failing('JOB_NOT_FOUND'))
  })

  test('a job id is not given out twice', async () => {
    const job = await store.add()
    await assert.rejects(
      store.jobs.create({ ...record(), id: job.id }, [], { secret: 's', idempotency: null }),
      failing('JOB_STALE_REVISION'),
    )
    assert.deepEqual(await store.jobs.read(job.id), job)
  })

  test('a write over a revision that is no longer the newest changes nothing', async () => {
    const job = await store.add()
    const first = machine.noted(job, AT, 'first')
    const written = await store.jobs.commit(job, first.next, first.events, null)
    assert.equal(written.revision, 2)
    const second = machine.cancelled(job, AT, 'second', [])
    await assert.rejects(store.jobs.commit(job, second.next, second.events, null), failing('JOB_STALE_REVISION'))
    assert.deepEqual(await store.jobs.read(job.id), written)
    assert.equal(await store.jobs.lastSeq(job.id), 2)
    assert.deepEqual(await listedIn(store, written), await listedIn(store, job))
  })

  test('of twenty writers at once one wins, and the others are told', async () => {
    const job = await store.add()
    const writes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => {
        const { next, events } = machine.noted(job, AT, `writer ${i}`)
        return store.jobs.commit(job, next, events, null)
      }),
    )
    const refused = writes.flatMap(write => (write.status === 'rejected' ? [write.reason] : []))
    assert.equal(refused.length, 19)
    assert.ok(refused.every(failing('JOB_STALE_REVISION')))
    assert.equal((await store.jobs.read(job.id)).notes.length, 1)
  })

  test('lists follow the state, and nothing else is left of the old one', async () => {
    let job = await store.add({ request: request({}, { labels: { team: 'crabs' } }) })
    const expect = async (): Promise<void> => {
      const due = job.inner.dueAt === null ? [] : [store.keys.due('local')]
      assert.deepEqual((await listedIn(store, job)).toSorted(), [...indexKeys(store.keys, job), ...due].toSorted())
    }
    await expect()
    const moves = [
      (at: JobRecord) => machine.prepared(at, AT, { release: 'r' }),
      (at: JobRecord) => machine.submitted(at, AT, { slurmJobId: '17', name: 'n', how: 'new' }),
      (at: JobRecord) => machine.over(at, AT, { state: 'FAILED', exitCode: '1:0', evidence: [], at: AT }, null),
      (at: JobRecord) => machine.cancelled(at, AT, 'x', []),
    ]
    for (const move of moves) {
      const { next, events } = move(job)
      job = await store.jobs.commit(job, next, events, null)
      await expect()
    }
    assert.equal(job.state, 'cancelled')
  })

  test('due jobs are told when their time has come, earliest first', async () => {
    const own = await rig.open()
    const soon = await own.add({}, { dueAt: 2_000 })
    const sooner = await own.add({}, { dueAt: 1_000 })
    await own.add({}, { dueAt: 3_001 })
    await own.add({ cluster: 'far' }, { dueAt: 1 })
    await own.add({ state: 'running' }, { dueAt: null })
    assert.deepEqual(await own.jobs.due('local', 3_000, 10), [sooner.id, soon.id])
    assert.deepEqual(await own.jobs.due('local', 3_000, 1), [sooner.id])
  })

  test('events are numbered without a gap, across writes and beside reported epochs', async () => {
    let job = await store.add()
    for (let i = 0; i < 5; i++) {
      const { next } = machine.noted(job, AT, `note ${i}`)
      job = await store.jobs.commit(job, next, [note(`${i} a`), note(`${i} b`)], null)
      await store.epochs.put(job.id, [{ epoch: i, at: AT, seconds: 0, values: { loss: 1 }, run: '1-0', attempt: 1 }])
    }
    const { events, reset } = await store.jobs.eventsAfter(job.id, 0, 100)
    assert.deepEqual(
      events.map(event => event.seq),
      Array.from({ length: 16 }, (_, i) => i + 1),
    )
    assert.equal(reset, false)
    assert.equal(await store.jobs.lastSeq(job.id), 16)
    const rest = await store.jobs.eventsAfter(job.id, 10, 3)
    assert.deepEqual(rest.events, events.slice(10, 13))
  })

  test('a reader whose next event was trimmed away is told to start afresh', async () => {
    const own = await rig.open({ eventsPerJob: 100 })
    let job = await own.add()
    for (let i = 0; i < 4; i++) {
      const events = Array.from({ length: 100 }, (_, n) => note(`${i} ${n}`))
      job = await own.jobs.commit(job, machine.noted(job, AT, `${i}`).next, events, null)
    }
    const { events, reset } = await own.jobs.eventsAfter(job.id, 5, 1_000)
    assert.equal(reset, true)
    assert.equal(events.at(-1)?.seq, 401)
    const first = events[0]?.seq ?? 0
    assert.ok(first > 6)
    assert.equal((await own.jobs.eventsAfter(job.id, first - 1, 1_000)).reset, false)
  })

  test('a write under a lease that another process holds by now changes nothing', async () => {
    const own = await rig.open()
    const job = await own.add()
    const held = createLease(own.redis, own.keys, 'local')
    await held.hold()
    const claim = { cluster: 'local', value: held.value ?? '' }
    const { next, events } = machine.noted(job, AT, 'mine')
    const written = await own.jobs.commit(job, next, events, claim)
    await held.release()
    const successor = createLease(own.redis, own.keys, 'local')
    await successor.hold()
    const late = machine.noted(written, AT, 'late')
    await assert.rejects(own.jobs.commit(written, late.next, late.events, claim), failing('LEASE_LOST'))
    assert.deepEqual(await own.jobs.read(job.id), written)
  })

  test('a record that does not fit its schema is never shown as a job', async () => {
    const job = await store.add()
    await store.redis.hset(store.keys.job(job.id), 'record', JSON.stringify({ ...job, state: 'happy' }))
    await assert.rejects(store.jobs.read(job.id), failing('STORE_RECORD_UNREADABLE'))
    await store.redis.hset(store.keys.job(job.id), 'record', JSON.stringify({ ...job, schemaVersion: 2 }))
    await assert.rejects(store.jobs.view(job.id), failing('STORE_RECORD_UNREADABLE'))
  })

  test('the same key makes one job, also twenty times at once', async () => {
    const own = await rig.open()
    const made = await Promise.all(
      Array.from({ length: 20 }, () => own.jobs.create(record(), [note('x')], { secret: 's', idempotency: key('k') })),
    )
    assert.equal(new Set(made.map(one => one.id)).size, 1)
    assert.equal(made.filter(one => one.created).length, 1)
    assert.equal(await own.redis.zcard(own.keys.all()), 1)
    assert.equal(await own.jobs.idempotent(key('k')), made[0]?.id)
  })

  test('the same key with another body is refused and stores nothing', async () => {
    const own = await rig.open()
    await own.jobs.create(record(), [], { secret: 's', idempotency: key('k') })
    const kept = await own.kept()
    await assert.rejects(
      own.jobs.create(record(), [], { secret: 's', idempotency: key('k', 'other') }),
      failing('IDEMPOTENCY_KEY_REUSED'),
    )
    await assert.rejects(own.jobs.idempotent(key('k', 'other')), failing('IDEMPOTENCY_KEY_REUSED'))
    assert.deepEqual(await own.kept(), kept)
  })

  test('a key belongs to its owner', async () => {
    const own = await rig.open()
    const mine = await own.jobs.create(record(), [], { secret: 's', idempotency: key('k') })
    const theirs = await own.jobs.create(record(), [], { secret: 's', idempotency: { ...key('k'), owner: 'bob' } })
    assert.notEqual(mine.id, theirs.id)
    assert.ok(theirs.created)
  })

  test('a key lives as long as configured', async () => {
    const own = await rig.open({ idempotencyMs: 3_600_000 })
    await own.jobs.create(record(), [], { secret: 's', idempotency: key('k') })
    const lifeMs = await own.redis.pttl(own.keys.idempotency('ada', sha256('k')))
    assert.ok(lifeMs > 3_590_000 && lifeMs <= 3_600_000)
  })

  test('a change under a key that was used is not made again', async () => {
    const own = await rig.open()
    const job = await own.add({ hold: { stage: 'submit', code: 'X', detail: 'x', since: AT } })
    const move = machine.released(job, AT, 'ada')
    const once = await own.jobs.commit(job, move.next, move.events, null, key('release'))
    const again = await own.jobs.commit(once, machine.released(once, AT, 'ada').next, move.events, null, key('release'))
    assert.deepEqual(again, once)
    assert.equal(await own.jobs.lastSeq(job.id), 2)
  })
})

describe('lists', () => {
  let rig: RedisRig
  before(async () => {
    rig = await createRedisRig()
  })
  after(() => rig.close())

  async function pages(
    { jobs }: Store,
    filter: Parameters<Store['jobs']['list']>[0],
    limit: number,
  ): Promise<string[][]> {
    const found: string[][] = []
    for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
      const page = await jobs.list(filter, limit, cursor)
      found.push(page.items.map(job => job.id))
      cursor = page.nextCursor
      assert.ok(found.length < 100)
    }
    return found
  }

  test('jobs of one millisecond are paged without a gap or a double', async () => {
    const store = await rig.open()
    const same = await Promise.all(Array.from({ length: 11 }, () => store.add()))
    const newer = await store.add({ createdAt: later(5) })
    const older = await store.add({ createdAt: later(-5) })
    const expected = [
      newer.id,
      ...same
        .map(job => job.id)
        .toSorted()
        .toReversed(),
      older.id,
    ]
    for (const limit of [1, 2, 3, 4, 12, 13, 50]) {
      const found = await pages(store, {}, limit)
      assert.deepEqual(found.flat(), expected, `pages of ${limit}`)
      assert.ok(found.slice(0, -1).every(page => page.length === limit))
      assert.ok((found.at(-1)?.length ?? 0) > 0)
    }
  })

  test('a job that comes in between does not move the pages after it', async () => {
    const store = await rig.open()
    const old = await Promise.all(Array.from({ length: 4 }, (_, i) => store.add({ createdAt: later(i) })))
    const first = await store.jobs.list({}, 2, null)
    await store.add({ createdAt: later(100) })
    const second = await store.jobs.list({}, 2, first.nextCursor)
    assert.deepEqual(
      [...first.items, ...second.items].map(job => job.id),
      old.map(job => job.id).toReversed(),
    )
  })

  test('every filter keeps what fits and drops the rest, alone and together', async () => {
    const store = await rig.open()
    const made: JobRecord[] = []
    for (const owner of ['ada', 'bob'])
      for (const state of ['running', 'failed'] as const)
        for (const cluster of ['local', 'far'])
          for (const name of ['one', 'two'])
            made.push(
              await store.add({
                owner: { id: owner, name: owner },
                state,
                cluster,
                name,
                createdAt: later(made.length),
              }),
            )
    const values = { owner: 'bob', state: 'failed', cluster: 'far', name: 'two' } as const
    const fields = ['owner', 'state', 'cluster', 'name'] as const
    for (let mask = 0; mask < 16; mask++) {
      const chosen = fields.filter((_, i) => mask & (1 << i))
      const filter = Object.fromEntries(chosen.map(field => [field, values[field]]))
      const fits = (job: JobRecord): boolean =>
        chosen.every(field => (field === 'owner' ? job.owner.id : job[field]) === values[field])
      const expected = made
        .filter(fits)
        .map(job => job.id)
        .toReversed()
      for (const limit of [2, 16]) {
        assert.deepEqual((await pages(store, filter, limit)).flat(), expected, JSON.stringify([filter, limit]))
      }
    }
  })

  test('a page says that it is the last one also when it is full', async () => {
    const store = await rig.open()
    await store.add()
    await store.add()
    assert.equal((await store.jobs.list({}, 2, null)).nextCursor, null)
  })

  test('a job that is left out of a list because its record cannot be read is logged by its id', async () => {
    const store = await rig.open()
    const { id } = await store.add()
    const whole = await store.add()
    await store.redis.hset(store.keys.job(id), 'record', '{}')
    await store.redis.hdel(store.keys.job(id), LINE_FIELD)
    const lines: string[] = []
    const log = pino({}, { write: line => void lines.push(line) })
    const { redis, keys, epochs } = store
    const jobs = createJobStore({ redis, keys, epochs, eventsPerJob: 100, idempotencyMs: 1_000, log })
    const { items } = await jobs.list({}, 10, null)
    assert.deepEqual(
      items.map(item => item.id),
      [whole.id],
    )
    const [told] = lines.map(line => JSON.parse(line))
    assert.deepEqual([told.jobId, told.err.code], [id, 'STORE_RECORD_UNREADABLE'])
    await assert.rejects(jobs.view(id), { code: 'STORE_RECORD_UNREADABLE' })
  })
})
