// What a tick costs and what it never misses: rows and records that are as they were are not looked at again, and whatever
// changes one of them is.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createLocalTransport, type SlurmError } from '@trotline/slurm'
import { slurmNameOf } from '../../apps/orchestrator/src/clusters/layout.ts'
import { OrchestratorError } from '../../apps/orchestrator/src/errors.ts'
import { newJobId } from '../../apps/orchestrator/src/lifecycle/accept.ts'
import type { StageContext } from '../../apps/orchestrator/src/lifecycle/context.ts'
import { LEAST_DOUBT_MS } from '../../apps/orchestrator/src/lifecycle/observe.ts'
import { type Tick, watch } from '../../apps/orchestrator/src/lifecycle/watch.ts'
import { createWatchMemory } from '../../apps/orchestrator/src/lifecycle/watch-memory.ts'
import type { JobStore } from '../../apps/orchestrator/src/store/job-store.ts'
import { createLease, RENEW_EVERY_MS } from '../../apps/orchestrator/src/store/lease.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { AT, clusterSettings, slurmView } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, silent } from '../support/orchestrator-store.ts'
import { ScriptedSlurm } from '../support/scripted-scheduler.ts'

describe('a watch that remembers', () => {
  const workDir = mkdtempSync(join(tmpdir(), 'trotline-watch-'))
  const transport = createLocalTransport()
  let rig: RedisRig
  const renewing: NodeJS.Timeout[] = []
  before(async () => {
    rig = await createRedisRig()
    mkdirSync(join(workDir, 'jobs/default'), { recursive: true })
  })
  after(async () => {
    for (const timer of renewing) clearInterval(timer)
    await rig.close()
    await transport.close()
    rmSync(workDir, { recursive: true, force: true })
  })

  async function createWatch() {
    const store = await rig.open()
    const lease = createLease(store.redis, store.keys, 'local')
    await lease.hold()
    renewing.push(setInterval(() => void lease.hold().catch(() => undefined), RENEW_EVERY_MS))
    const slurm = new ScriptedSlurm(() => new Date(rigged.nowMs))
    const rigged = {
      nowMs: Date.parse(AT),
      reads: 0,
      /** Happens after squeue has answered and before anything is decided. */
      between: async (): Promise<void> => {},
      squeueIsEmpty: false,
      storeIsAway: false,
    }
    const jobs: JobStore = {
      ...store.jobs,
      read(id) {
        rigged.reads += 1
        return store.jobs.read(id)
      },
      async revisions(ids) {
        if (rigged.storeIsAway) throw new OrchestratorError('STORE_UNREACHABLE', 'The store is away')
        return store.jobs.revisions(ids)
      },
    }
    const scheduler = slurm.schedulerOf('default')
    const identity = (name: string) => ({
      name,
      unixUser: name,
      transport,
      scheduler: {
        ...scheduler,
        async listJobs() {
          const rows = await scheduler.listJobs()
          await rigged.between()
          return rigged.squeueIsEmpty ? [] : rows
        },
      },
    })
    // A watch uses no other part of its context.
    const context = {
      cluster: { settings: clusterSettings({ workDir, resultPatienceMs: LEAST_DOUBT_MS }), identity },
      jobs,
      lease: () => ({ cluster: 'local', value: lease.value ?? assert.fail('the lease has ended') }),
      log: silent,
      now: () => new Date(rigged.nowMs),
    } as unknown as StageContext
    const memory = createWatchMemory()
    return {
      store,
      slurm,
      rigged,
      tick: (): Promise<Tick> => watch(context, memory),
      /** A tick of an owner that has seen nothing yet. */
      tickAfresh: (): Promise<Tick> => watch(context),
      readsOf: async (act: () => Promise<unknown>): Promise<number> => {
        const before = rigged.reads
        await act()
        return rigged.reads - before
      },
      async taken(): Promise<JobRecord> {
        const job = await store.add(
          { state: 'pending', identity: { name: 'default', unixUser: 'default' } },
          { dueAt: null, submitIntentAt: AT },
        )
        const view = slurmView({ name: slurmNameOf(job.id, 1), submitTime: null })
        return store.jobs.commit(job, { ...job, slurm: view }, [], null)
      },
    }
  }

  test('300 jobs of which nothing changed are read once and then no more', async () => {
    const { slurm, taken, tick, readsOf } = await createWatch()
    for (let i = 0; i < 300; i++) slurm.submit('default', slurmNameOf((await taken()).id, 1))
    assert.equal(await readsOf(tick), 300)
    assert.equal(await readsOf(tick), 0)
    assert.deepEqual(await tick(), { live: 300, due: [] })
  })

  test('of many jobs the one whose row changed is read, alone, and moved', async () => {
    const { slurm, store, taken, tick, readsOf } = await createWatch()
    const jobs = [await taken(), await taken(), await taken()]
    const ids = jobs.map(job => slurm.submit('default', slurmNameOf(job.id, 1)))
    await tick()
    slurm.become(ids[1] ?? '', 'RUNNING')
    assert.equal(await readsOf(tick), 1)
    assert.deepEqual(await Promise.all(jobs.map(async job => (await store.jobs.read(job.id)).state)), [
      'pending',
      'running',
      'pending',
    ])
    assert.equal(await readsOf(tick), 0)
  })

  test('a record that another writer changed is decided about again, though its row is the same', async () => {
    const { slurm, store, taken, tick } = await createWatch()
    const job = await taken()
    slurm.submit('default', slurmNameOf(job.id, 1))
    await tick()
    const known = await store.jobs.read(job.id)
    await store.jobs.commit(known, { ...known, state: 'running' }, [], null)
    await tick()
    assert.equal((await store.jobs.read(job.id)).state, 'pending')
  })

  test('a write that came between the look and the decision is kept, and the next tick decides', async () => {
    const { slurm, store, taken, tick, rigged } = await createWatch()
    const job = await taken()
    slurm.become(slurm.submit('default', slurmNameOf(job.id, 1)), 'RUNNING')
    rigged.between = async () => {
      rigged.between = async () => {}
      const now = await store.jobs.read(job.id)
      await store.jobs.commit(now, { ...now, notes: [{ at: AT, text: 'A word in between.' }] }, [], null)
    }
    await tick()
    assert.equal((await store.jobs.read(job.id)).state, 'pending')
    await tick()
    const now = await store.jobs.read(job.id)
    assert.deepEqual([now.state, now.notes.length], ['running', 1])
  })

  test('a job that was submitted again is looked for under its new name', async () => {
    const { slurm, store, taken, tick } = await createWatch()
    const job = await taken()
    slurm.submit('default', slurmNameOf(job.id, 1))
    await tick()
    const known = await store.jobs.read(job.id)
    await store.jobs.commit(known, { ...known, submission: 2 }, [], null)
    slurm.become(slurm.submit('default', slurmNameOf(job.id, 2)), 'RUNNING')
    await tick()
    const now = await store.jobs.read(job.id)
    assert.deepEqual([now.state, now.slurm?.name], ['running', slurmNameOf(job.id, 2)])
  })

  test('a job that vanishes is settled at once, however long it was the same', async () => {
    const { slurm, store, taken, tick } = await createWatch()
    const job = await taken()
    const slurmId = slurm.submit('default', slurmNameOf(job.id, 1))
    for (let i = 0; i < 3; i++) await tick()
    slurm.become(slurmId, 'COMPLETED')
    assert.deepEqual((await tick()).due, [job.id])
    assert.equal((await store.jobs.read(job.id)).state, 'finishing')
  })

  test('a doubt ends when squeue lists the job again with the row that it had before', async () => {
    const { slurm, store, taken, tick, rigged } = await createWatch()
    const job = await taken()
    slurm.submit('default', slurmNameOf(job.id, 1))
    await tick()
    rigged.squeueIsEmpty = true
    await tick()
    assert.equal((await store.jobs.read(job.id)).inner.doubt?.ticks, 1)
    rigged.squeueIsEmpty = false
    await tick()
    assert.equal((await store.jobs.read(job.id)).inner.doubt, null)
  })

  test('without accounting a job that squeue listed a moment ago is submitted again; to an owner that never saw it, it is held', async () => {
    for (const [owner, expected] of [
      ['the same', ['prepared', undefined]],
      ['a new one', ['pending', 'JOB_UNACCOUNTED']],
    ] as const) {
      const { slurm, store, taken, tick, tickAfresh, rigged } = await createWatch()
      slurm.accounting = 'off'
      const job = await taken()
      const slurmId = slurm.submit('default', slurmNameOf(job.id, 1))
      await tick()
      // Longer than MinJobAge, and nothing new to store all the while.
      for (let i = 0; i < 5; i++) {
        rigged.nowMs += 200_000
        await tick()
      }
      slurm.forget(slurmId)
      for (let i = 0; i < 4; i++) {
        await (owner === 'the same' ? tick() : tickAfresh())
        rigged.nowMs += LEAST_DOUBT_MS
      }
      const now = await store.jobs.read(job.id)
      assert.deepEqual([now.state, now.hold?.code], expected, owner)
    }
  })

  test('strays that are nobody’s hide none of ours behind them, however many there are', async () => {
    const { slurm, store, taken, tick } = await createWatch()
    for (let i = 0; i < 120; i++) slurm.submit('default', slurmNameOf(newJobId(), 1))
    const job = await taken()
    slurm.submit('default', slurmNameOf(job.id, 1))
    const known = await store.jobs.read(job.id)
    await store.jobs.commit(known, { ...known, submission: 2 }, [], null)
    slurm.submit('default', slurmNameOf(job.id, 2))
    for (let i = 0; i < 3; i++) await tick()
    assert.deepEqual(slurm.cancels, [slurmNameOf(job.id, 1)])
  })

  test('after the store was away everything is read again: it may have come back as an older one', async () => {
    const { slurm, store, taken, tick, rigged } = await createWatch()
    const job = await taken()
    slurm.submit('default', slurmNameOf(job.id, 1))
    await tick()
    rigged.storeIsAway = true
    await assert.rejects(tick(), { code: 'STORE_UNREACHABLE' })
    rigged.storeIsAway = false
    const older = { ...(await store.jobs.read(job.id)), state: 'running' }
    await store.redis.hset(store.keys.job(job.id), 'record', JSON.stringify(older))
    await tick()
    assert.equal((await store.jobs.read(job.id)).state, 'pending')
  })

  test('the revision of a job counts its writes, and one that nobody stored has none', async () => {
    const { store } = await createWatch()
    const job = await store.add()
    await store.jobs.commit(job, { ...job, notes: [{ at: AT, text: 'Seen.' }] }, [], null)
    const unknown = Array.from({ length: 1_500 }, (_, i) => `unknown${i}`)
    const revisions = await store.jobs.revisions([...unknown, job.id])
    assert.deepEqual([revisions.length, revisions[0], revisions.at(-1)], [1_501, null, 2])
  })

  test('while squeue cannot be asked nothing is concluded, and what was remembered still holds', async () => {
    const { slurm, taken, tick, readsOf } = await createWatch()
    slurm.submit('default', slurmNameOf((await taken()).id, 1))
    await tick()
    slurm.fail('default', 'SLURM_UNREACHABLE')
    await assert.rejects(tick(), (error: SlurmError) => error.code === 'SLURM_UNREACHABLE')
    slurm.fail('default', null)
    assert.equal(await readsOf(tick), 0)
  })
})
