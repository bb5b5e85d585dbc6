// One process owns a cluster at a time, on a real Redis; time passes by ending the lease there, not by waiting.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { OrchestratorError } from '../../apps/orchestrator/src/errors.ts'
import { noted } from '../../apps/orchestrator/src/lifecycle/machine.ts'
import { createLease, LEASE_MS, RENEW_EVERY_MS } from '../../apps/orchestrator/src/store/lease.ts'
import { AT } from '../support/job-records.ts'
import { createRedisRig, type RedisRig } from '../support/orchestrator-store.ts'

describe('the lease of a cluster', () => {
  let rig: RedisRig
  before(async () => {
    rig = await createRedisRig()
  })
  after(() => rig.close())

  test('a take-over after a crash needs less than 20 s', () => {
    assert.ok(LEASE_MS + RENEW_EVERY_MS < 20_000)
  })

  test('of ten processes one holds it, and keeps it while it renews', async () => {
    const { redis, keys } = await rig.open()
    const leases = Array.from({ length: 10 }, () => createLease(redis, keys, 'local'))
    const held = await Promise.all(leases.map(lease => lease.hold()))
    assert.equal(held.filter(Boolean).length, 1)
    assert.deepEqual(
      leases.map(lease => lease.value !== null),
      held,
    )
    const value = leases.find(lease => lease.value !== null)?.value
    assert.deepEqual(await Promise.all(leases.map(lease => lease.hold())), held)
    assert.equal(leases.find(lease => lease.value !== null)?.value, value)
  })

  test('clusters are owned one by one', async () => {
    const { redis, keys } = await rig.open()
    const leases = ['local', 'far'].map(cluster => createLease(redis, keys, cluster))
    assert.deepEqual(await Promise.all(leases.map(lease => lease.hold())), [true, true])
  })

  test('a renewal makes it last again', async () => {
    const { redis, keys } = await rig.open()
    const lease = createLease(redis, keys, 'local')
    await lease.hold()
    await redis.pexpire(keys.lease('local'), 1_000)
    await lease.hold()
    assert.ok((await redis.pttl(keys.lease('local'))) > 1_000)
  })

  test('after its end another takes over under another value, and the sleeper can neither hold nor write', async () => {
    const { redis, keys, jobs, add } = await rig.open()
    const job = await add()
    const sleeper = createLease(redis, keys, 'local')
    await sleeper.hold()
    const claim = { cluster: 'local', value: sleeper.value ?? assert.fail('not held') }
    await redis.del(keys.lease('local'))
    const successor = createLease(redis, keys, 'local')
    assert.equal(await successor.hold(), true)
    assert.notEqual(successor.value, claim.value)
    const { next, events } = noted(job, AT, 'from the grave')
    await assert.rejects(
      jobs.commit(job, next, events, claim),
      (error: unknown) => error instanceof OrchestratorError && error.code === 'LEASE_LOST',
    )
    assert.equal(await sleeper.hold(), false)
    assert.equal(sleeper.value, null)
    assert.equal((await jobs.read(job.id)).revision, 1)
  })

  test('a wall clock that is set anew ends no lease and prolongs none', async t => {
    const { redis, keys } = await rig.open()
    const lease = createLease(redis, keys, 'local')
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
    await lease.hold()
    t.mock.timers.setTime(Date.now() + 3_600_000)
    assert.notEqual(lease.value, null)
    assert.equal(await lease.hold(), true)
  })

  test('a holder that comes back to its own ended lease gets a new value', async () => {
    const { redis, keys } = await rig.open()
    const lease = createLease(redis, keys, 'local')
    await lease.hold()
    const before = lease.value
    await redis.del(keys.lease('local'))
    assert.equal(await lease.hold(), true)
    assert.notEqual(lease.value, before)
  })

  test('a release lets the next one in at once and takes nothing from a successor', async () => {
    const { redis, keys } = await rig.open()
    const [first, second] = [createLease(redis, keys, 'local'), createLease(redis, keys, 'local')]
    await first.hold()
    await first.release()
    assert.equal(first.value, null)
    assert.equal(await second.hold(), true)
    await first.release()
    assert.equal(await second.hold(), true)
  })
})
