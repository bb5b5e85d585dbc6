// The locks that recovered jobs are pinned to, kept again where the store has lost them: each lies beside what was made of it on the cluster,
// and its id is the hash of what it says, so nothing there has to be believed. Names are gone with the store.
import { EnvironmentLock, LOCK_LIMITS } from '@trotline/contracts'
import { canonicalJson, lockId } from '@trotline/environment'
import type { ClusterAccess } from '../clusters/access.ts'
import { buildOf, jsonOf, readSmall } from '../clusters/environment-directory.ts'
import { summaryOfLock } from '../solving/lock-work.ts'
import { type EnvironmentStore, packedLock } from '../store/environments.ts'
import { recordOfLock } from './environment-resolve.ts'

export interface LockRecovery {
  /** Kept again, or would be. */
  restored: string[]
  /** They lie nowhere: jobs that are over are not the worse for it, others cannot be made ready any more. */
  missing: string[]
}

/** @param owners whoever sent the first job with the lock. @param dryRun nothing is written */
export async function recoverLocks(
  owners: ReadonlyMap<string, string>,
  {
    cluster,
    environments,
    at,
    dryRun,
  }: {
    cluster: ClusterAccess
    environments: Pick<EnvironmentStore, 'record' | 'keep'>
    at: string
    dryRun: boolean
  },
): Promise<LockRecovery> {
  const found: LockRecovery = { restored: [], missing: [] }
  for (const [id, owner] of owners) {
    if ((await environments.record(id)) !== null) continue
    const lock = await lockOn(cluster, id)
    if (lock === null) {
      found.missing.push(id)
      continue
    }
    found.restored.push(id)
    if (dryRun) continue
    const canonical = canonicalJson(lock)
    const notes = ['The store had lost this lock; it was read again from the cluster.']
    const how = { by: owner, at, spec: null, notes, target: null, snapshot: null }
    const record = recordOfLock(summaryOfLock(id, lock, canonical), how)
    await environments.keep({ id, packed: await packedLock(canonical) }, record, { naming: null, idempotency: null })
  }
  return found
}

/** null: it is not there, or something else is. */
async function lockOn(cluster: ClusterAccess, id: string): Promise<EnvironmentLock | null> {
  const path = `${buildOf(cluster.settings.workDir, id)}/lock.json`
  const text = await readSmall(cluster.service().transport, path, LOCK_LIMITS.characters)
  const lock = text === null ? null : (EnvironmentLock.safeParse(jsonOf(text)).data ?? null)
  return lock !== null && lockId(lock) === id ? lock : null
}
