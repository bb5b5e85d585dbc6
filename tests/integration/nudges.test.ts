// Nudges over BullMQ on a real Redis: a hint that a job is due, whose loss costs seconds and never a job.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createNudges, type Nudges } from '../../apps/orchestrator/src/streams/nudges.ts'
import { eventually } from '../support/eventually.ts'
import { createRedisRig, type RedisRig, type Store, silent } from '../support/orchestrator-store.ts'

describe('nudges', () => {
  let rig: RedisRig
  before(async () => {
    rig = await createRedisRig()
  })
  after(() => rig.close())

  function listening(
    store: Store,
    clusters: string[],
    heard: string[],
    takeHere: (cluster: string, jobId: string) => boolean = () => false,
  ): Nudges {
    return createNudges({
      takeHere,
      sending: store.redis,
      receiving: () => store.waiting(),
      prefix: store.prefix,
      clusters,
      onNudge: (cluster, jobId) => heard.push(`${cluster} ${jobId}`),
      log: silent,
    })
  }

  test('a nudge arrives once, at its own cluster, and nothing of it is left', async () => {
    const store = await rig.open()
    const heard: string[] = []
    const nudges = listening(store, ['local', 'far'], heard)
    try {
      await nudges.send('local', 'abcdefghjkmn')
      await nudges.send('far', 'abcdefghjkmp')
      await eventually('both were heard', () => heard.length === 2)
      assert.deepEqual(heard.toSorted(), ['far abcdefghjkmp', 'local abcdefghjkmn'])
      await eventually('no message is left', async () => {
        const messages = (await store.redis.keys(`${store.prefix}:advance-*`)).filter(key => /:\d+$/.test(key))
        return messages.length === 0
      })
    } finally {
      await nudges.close()
    }
  })

  test('a nudge that this very process can take makes no message', async () => {
    const store = await rig.open()
    const heard: string[] = []
    const nudges = listening(store, ['local', 'far'], heard, cluster => cluster === 'local')
    try {
      await nudges.send('local', 'abcdefghjkmn')
      await nudges.send('far', 'abcdefghjkmp')
      await eventually('the other was heard', () => heard.length > 0)
      assert.deepEqual(heard, ['far abcdefghjkmp'])
    } finally {
      await nudges.close()
    }
  })

  test('a lost nudge is harmless: the job is still due', async () => {
    const store = await rig.open()
    const heard: string[] = []
    const nudges = listening(store, ['local'], heard)
    try {
      const job = await store.add({}, { dueAt: 1_000 })
      await rig.stop()
      await nudges.send('local', job.id)
      await rig.start()
      const due = await eventually('the store answers again', () => store.jobs.due('local', Date.now(), 10))
      assert.deepEqual(due, [job.id])
      assert.deepEqual(heard, [])
    } finally {
      await nudges.close()
    }
  })

  test('a nudge for a cluster that is not configured is dropped', async () => {
    const store = await rig.open()
    const nudges = listening(store, ['local'], [])
    try {
      await nudges.send('nowhere', 'abcdefghjkmn')
      assert.deepEqual(await store.redis.keys(`${store.prefix}:advance-nowhere*`), [])
    } finally {
      await nudges.close()
    }
  })
})
