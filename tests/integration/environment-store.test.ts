// What is kept of environments in a real Redis, and read again from a cluster's file system where it was lost.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { canonicalJson, type PinnedLock } from '@trotline/environment'
import { createLocalTransport } from '@trotline/slurm'
import type { ClusterAccess } from '../../apps/orchestrator/src/clusters/access.ts'
import { recordOfLock } from '../../apps/orchestrator/src/lifecycle/environment-resolve.ts'
import { recoverLocks } from '../../apps/orchestrator/src/lifecycle/recover-locks.ts'
import { summaryOfLock } from '../../apps/orchestrator/src/solving/lock-work.ts'
import {
  createEnvironmentStore,
  type EnvironmentStore,
  packedLock,
} from '../../apps/orchestrator/src/store/environments.ts'
import { clusterSettings, later } from '../support/job-records.ts'
import { lockedConda, pinnedLock, tutorialLock } from '../support/locks.ts'
import { createRedisRig, type RedisRig } from '../support/orchestrator-store.ts'

let rig: RedisRig
before(async () => {
  rig = await createRedisRig()
})
after(() => rig.close())

async function opened(mostMiB = 100): Promise<EnvironmentStore> {
  const { redis, keys } = await rig.open()
  return createEnvironmentStore(redis, keys, { idempotencyMs: 60_000, keptMiBPerOwner: mostMiB })
}
const other = (version: string): PinnedLock => pinnedLock({ conda: [lockedConda('python', version)] })

async function keep(store: EnvironmentStore, { id, lock }: PinnedLock, { by = 'ada', at = 0, name = '' } = {}) {
  const canonical = canonicalJson(lock)
  const how = { by, at: later(at), spec: null, notes: [], target: null, snapshot: null }
  const naming = name === '' ? null : { name, by, operator: false }
  const record = recordOfLock(summaryOfLock(id, lock, canonical), how)
  return store.keep({ id, packed: await packedLock(canonical) }, record, { naming, idempotency: null })
}

describe('a lock that is kept', () => {
  test('comes back byte by byte, and what is kept of it first stays', async () => {
    const store = await opened()
    const lock = tutorialLock()
    assert.deepEqual(await keep(store, lock), { id: lock.id, created: true, name: null })
    assert.deepEqual(await keep(store, lock, { by: 'bob', at: 1000 }), { id: lock.id, created: false, name: null })
    assert.deepEqual(await store.lock(lock.id), lock)
    assert.equal((await store.record(lock.id))?.createdBy, 'ada')
    assert.deepEqual([await store.lock('a'.repeat(64)), await store.record('a'.repeat(64))], [null, null])
  })

  test('is found by the beginning of its id, and two are told where it is that of two', async () => {
    const store = await opened()
    const locks = Array.from({ length: 40 }, (_, i) => other(`3.0.${i}`))
    for (const lock of locks) await keep(store, lock)
    for (const { id } of locks) {
      assert.deepEqual(await store.startingWith(id), [id])
      const same = locks.filter(one => one.id.startsWith(id.slice(0, 1)))
      assert.equal((await store.startingWith(id.slice(0, 1))).length, Math.min(2, same.length))
    }
    assert.deepEqual(await store.startingWith('f'.repeat(64)), [])
  })

  test('is listed newest first, also while others come', async () => {
    const store = await opened()
    for (let i = 0; i < 5; i++) await keep(store, other(`3.1.${i}`), { at: i * 1000 })
    const first = await store.list(2, null)
    await keep(store, other('3.1.9'), { at: 9000 })
    const second = await store.list(2, first.nextCursor)
    const third = await store.list(2, second.nextCursor)
    const order = [4, 3, 2, 1, 0].map(i => other(`3.1.${i}`).id)
    assert.deepEqual([...first.ids, ...second.ids, ...third.ids], order)
    assert.equal(third.nextCursor, null)
  })

  test('counts for whoever brought it, up to what an owner may keep, and others are none the worse', async () => {
    const store = await opened(0.001)
    let kept = 0
    await assert.rejects(
      async () => {
        for (; kept < 100; kept++) await keep(store, other(`3.2.${kept}`))
      },
      { code: 'ENVIRONMENT_SHARE_USED' },
    )
    assert.ok(kept > 1 && kept < 10, `${kept} were kept`)
    assert.equal((await keep(store, other('3.2.0'))).created, false, 'what is kept already costs nothing')
    assert.equal((await keep(store, other('3.2.99'), { by: 'bob' })).created, true)
  })
})

describe('a name', () => {
  test('counts for whoever gives it, and nothing is kept where that is too much', async () => {
    const store = await opened(0.004)
    await keep(store, other('3.8.0'))
    let versions = 0
    await assert.rejects(
      async () => {
        for (; versions < 200; versions++)
          await keep(store, other(`3.8.${versions % 2}`), { name: 'to-and-fro', by: 'bob' })
      },
      { code: 'ENVIRONMENT_SHARE_USED', message: /that bob brought take all/ },
    )
    assert.ok(versions > 2 && versions < 100, `${versions} versions`)
    await assert.rejects(keep(store, other('3.8.2'), { name: 'another', by: 'bob' }), {
      code: 'ENVIRONMENT_SHARE_USED',
    })
    assert.equal(await store.record(other('3.8.2').id), null)
  })

  test('that a lock has for the thousandth time is not shown with all the others', async () => {
    const store = await opened()
    for (let i = 0; i < 110; i++)
      for (const version of ['3.9.0', '3.9.1']) await keep(store, other(version), { name: 'often' })
    const [names = []] = await store.namesOf([other('3.9.1').id])
    assert.deepEqual([names.length, names.at(-1)], [100, 'often@220'])
  })

  test('is refused to others before anything is kept, and its versions have no gap', async () => {
    const store = await opened()
    assert.equal((await keep(store, other('3.3.0'), { name: 'ml' })).name, 'ml@1')
    await assert.rejects(keep(store, other('3.3.1'), { name: 'ml', by: 'bob' }), { code: 'ENVIRONMENT_NAME_TAKEN' })
    assert.equal(await store.record(other('3.3.1').id), null)
    assert.equal((await keep(store, other('3.3.0'), { name: 'ml', by: 'bob' })).name, 'ml@1', 'it says so already')
    assert.equal((await keep(store, other('3.3.2'), { name: 'ml' })).name, 'ml@2')
    assert.equal((await keep(store, other('3.3.0'), { name: 'ml' })).name, 'ml@3', 'back to the first')
    assert.deepEqual(await store.namesOf([other('3.3.0').id, other('3.3.2').id]), [['ml@1', 'ml@3'], ['ml@2']])
    assert.equal((await store.named('ml', 2))?.lock, other('3.3.2').id)
    assert.deepEqual([await store.named('ml', 4), await store.named('no', undefined)], [null, null])
  })
})

describe('a lock that the store has lost', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trotline-locks-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const transport = createLocalTransport()
  const cluster = {
    settings: clusterSettings({ workDir: folder }),
    service: () => ({ transport }),
  } as unknown as ClusterAccess
  const lay = (id: string, text: string): void => {
    mkdirSync(join(folder, 'environments/.builds', id), { recursive: true })
    writeFileSync(join(folder, 'environments/.builds', id, 'lock.json'), text)
  }

  test('is kept again from the cluster, unless another lies there in its place', async () => {
    const store = await opened()
    const [there, gone, changed, broken, known] = ['1', '2', '3', '4', '5'].map(n => other(`3.4.${n}`))
    if (!there || !gone || !changed || !broken || !known) assert.fail()
    lay(there.id, `${JSON.stringify(there.lock)}\n`)
    lay(changed.id, JSON.stringify(gone.lock))
    lay(broken.id, '{"v":1,')
    await keep(store, known)
    const owners = new Map([there, gone, changed, broken, known].map(({ id }) => [id, 'ada']))
    const how = { cluster, environments: store, at: later(0) }
    const expected = { restored: [there.id], missing: [gone.id, changed.id, broken.id] }
    assert.deepEqual(await recoverLocks(owners, { ...how, dryRun: true }), expected)
    assert.equal(await store.record(there.id), null)
    assert.deepEqual(await recoverLocks(owners, { ...how, dryRun: false }), expected)
    assert.deepEqual(await store.lock(there.id), there)
    assert.match((await store.record(there.id))?.notes[0] ?? '', /read again from the cluster/)
  })
})
