// What is known and what lies on the cluster, compared now and then: an environment that the store has lost is known again, one that
// somebody took away is no longer called ready, and what nobody has used for long goes, where the operator wants that.
import type { MadeEnvironment } from '@trotline/contracts'
import { listMade } from '../clusters/environment-census.ts'
import { readMade } from '../clusters/environment-directory.ts'
import { isCoded } from '../errors.ts'
import type { MaterialisationRecord } from '../store/materialisations.ts'
import { collect } from './materialisations.ts'
import type { MaterialisingDeps } from './materialise.ts'
import { asked, made, wantAgain } from './materialise-moves.ts'

/** Of those that the store does not know, so many are read in one go. */
const MOST_READ = 200

export async function census(deps: MaterialisingDeps): Promise<void> {
  const { cluster, store, lease, log, now } = deps
  const { name, workDir, environments } = cluster.settings
  const { transport } = cluster.service()
  const there = await listMade(transport, workDir).catch(error => {
    // Nobody has brought anything yet.
    if (isCoded(error) && error.code === 'WORK_DIR_AWAY') return null
    throw error
  })
  if (there === null) return
  const records = new Map((await store.list(name)).map(record => [record.lock, record]))
  for (const lock of there.filter(id => !records.has(id)).slice(0, MOST_READ)) {
    const marker = await readMade(transport, workDir, lock)
    if (marker === null || marker.lockId !== lock) continue
    await store.change(name, lock, current => current ?? found(name, marker, now().toISOString()), { lease: lease() })
    log.info({ lock }, 'environment: found on the cluster')
  }
  const ids = new Set(there)
  for (const record of [...records.values()].filter(
    ({ state, lock, inner }) => state === 'ready' && inner.doing === null && !ids.has(lock),
  )) {
    if ((await readMade(transport, workDir, record.lock)) !== null) continue
    log.warn({ lock: record.lock }, 'environment: it is no longer on the cluster')
    const needed = (await store.jobs(name, record.lock)) > 0
    await store.change(name, record.lock, current => gone(current, needed, now().toISOString()), { lease: lease() })
    deps.onSettled(record.lock)
  }
  if (!environments.collect.automatic) return
  const kept = await Promise.all(
    (await store.list(name)).map(async record => ({ record, jobs: await store.jobs(name, record.lock) })),
  )
  const { unusedDays } = environments.collect
  const count = await collect(store, name, kept, {
    unusedDays,
    nowMs: now().getTime(),
    by: `the rule of ${unusedDays} days`,
  })
  if (count > 0) log.info({ count, unusedDays }, 'environment: some that nobody used are being removed')
}

/** It counts as used now: jobs that need it may be as unknown as it was. */
function found(cluster: string, marker: MadeEnvironment, at: string): MaterialisationRecord {
  const record = asked(cluster, marker.lockId, marker.form, 'found on the cluster', marker.madeAt)
  return { ...made(record, at, marker, 'It is ready; it was found on the cluster.'), lastUsedAt: at }
}

function gone(record: MaterialisationRecord | null, needed: boolean, at: string): MaterialisationRecord | null {
  if (record === null || record.state !== 'ready' || record.inner.doing !== null) return record
  return needed ? wantAgain({ ...record, state: 'failed' }, at) : null
}
