// A job as it is shown, read and written from two servers at the same time: on a real Redis.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Job } from '@trotline/contracts'
import { createJobStore } from '../../apps/orchestrator/src/store/job-store.ts'
import { type JobRecord, recordText } from '../../apps/orchestrator/src/store/record.ts'
import { AT, epochsOf } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store } from '../support/orchestrator-store.ts'

describe('a job that is shown', () => {
  let rig: RedisRig
  before(async () => {
    rig = await createRedisRig()
  })
  after(() => rig.close())

  /** What another server process has of the same store. */
  function beside(store: Store): Store['jobs'] {
    const { keys, epochs } = store
    return createJobStore({ redis: store.waiting(), keys, epochs, eventsPerJob: 100, idempotencyMs: 60_000 })
  }

  test('is never older than a write that was acknowledged before, of its record and of its epochs, on whichever server', async () => {
    const store = await rig.open()
    const other = beside(store)
    const made = await Promise.all(Array.from({ length: 8 }, () => store.add()))
    const shown = async (jobs: Store['jobs'], id: string): Promise<Job> =>
      Job.parse(JSON.parse((await jobs.viewText(id)).text))

    async function writeAndLook(first: JobRecord): Promise<void> {
      let job = first
      for (let turn = 0; turn < 25; turn++) {
        job = await store.jobs.commit(job, { ...job, updatedAt: AT }, [], null)
        await store.epochs.put(job.id, epochsOf('1-0', turn, turn))
        const looks = await Promise.all([shown(store.jobs, job.id), shown(other, job.id), other.view(job.id)])
        for (const { id, revision, progress } of looks) {
          assert.deepEqual(
            [id, revision, progress.epochs, progress.last?.epoch],
            [job.id, job.revision, turn + 1, turn],
          )
        }
      }
    }
    await Promise.all(made.map(writeAndLook))
  })

  test('is the same as text and as an object, while its epochs live and when they are sealed', async () => {
    const store = await rig.open()
    const { id } = await store.add()
    await store.epochs.put(id, epochsOf('1-0', 0, 4))
    await store.epochs.put(id, epochsOf('2-0', 3, 6, 2))
    const same = async (): Promise<Job> => {
      const { owner, text } = await store.jobs.viewText(id)
      const job = Job.parse(JSON.parse(text))
      assert.deepEqual([await store.jobs.view(id), await store.jobs.viewOf(await store.jobs.read(id))], [job, job])
      assert.deepEqual(owner, job.owner)
      return job
    }
    const live = await same()
    assert.deepEqual([live.progress.epochs, live.progress.superseded, live.progress.last?.epoch], [7, 2, 6])
    await store.epochs.seal(id)
    assert.deepEqual(await same(), live)
  })

  test('has the defaults of fields that are younger than its record', async () => {
    const store = await rig.open()
    const job = await store.add()
    const { environment: _, data: __, rerunOf: ___, ...old } = job
    const text = async (): Promise<unknown> => JSON.parse((await store.jobs.viewText(job.id)).text)
    // Written as it was before records began with what is not shown, and as they are written since.
    for (const record of [JSON.stringify(old), recordText(old as JobRecord)]) {
      await store.redis.hset(store.keys.job(job.id), { record, shape: 'another' })
      const shown = await text()
      const { environment, data, rerunOf } = Job.parse(shown)
      assert.deepEqual([environment, data, rerunOf], [null, [], null])
      assert.deepEqual(shown, await store.jobs.view(job.id))
      await store.redis.hdel(store.keys.job(job.id), 'shape')
      assert.deepEqual(await text(), shown)
    }
  })

  test('has these defaults also where a server of before wrote over what this one had written', async () => {
    const store = await rig.open()
    const job = await store.add()
    const { environment: _, data: __, rerunOf: ___, ...old } = { ...job, revision: job.revision + 1 }
    // It knows of no shape, and leaves the one that is there.
    await store.redis.hset(store.keys.job(job.id), { record: JSON.stringify(old), revision: old.revision })
    const shown: unknown = JSON.parse((await store.jobs.viewText(job.id)).text)
    assert.deepEqual(shown, await store.jobs.view(job.id))
    assert.deepEqual([Job.parse(shown).rerunOf, (shown as Job).data], [null, []])
  })

  test('among others that are asked for at the same time, one that is unknown or unreadable spoils none', async () => {
    const store = await rig.open()
    const whole = await store.add()
    const broken = await store.add()
    await store.redis.hset(store.keys.job(broken.id), 'record', '{"schemaVersion":2}')
    const results = await Promise.allSettled(['zzzzzzzzzzzz', broken.id, whole.id].map(id => store.jobs.viewText(id)))
    assert.deepEqual(
      results.map(result => (result.status === 'rejected' ? result.reason.code : result.value.owner)),
      ['JOB_NOT_FOUND', 'STORE_RECORD_UNREADABLE', whole.owner],
    )
  })
})
