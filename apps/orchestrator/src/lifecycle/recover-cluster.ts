// One cluster's records against its job directories, Unix user by Unix user: one listing, a hundred directories a command,
// one squeue, and sacct for those that squeue does not list. Told without a lease it only looks and writes nothing.
import type { AccountedJob } from '@trotline/slurm'
import type { ClusterAccess, IdentityAccess } from '../clusters/access.ts'
import { jobDirectoryOf } from '../clusters/layout.ts'
import { type JobRemains, listJobDirectories, readRemains } from '../clusters/remains.ts'
import { readEpochLines } from '../clusters/runs.ts'
import { isCoded, OrchestratorError } from '../errors.ts'
import type { EnvironmentStore } from '../store/environments.ts'
import type { EpochStore } from '../store/epoch-store.ts'
import type { JobStore, LeaseClaim } from '../store/job-store.ts'
import type { JobRecord } from '../store/record.ts'
import { newReportKey } from './accept.ts'
import type { Sightings } from './rebuild.ts'
import { newestName, type Recovery, recover, withoutDirectory } from './recover.ts'
import { recoverLocks } from './recover-locks.ts'
import { rowsByName } from './squeue-row.ts'

export interface RecoverSettings {
  cluster: ClusterAccess
  jobs: JobStore
  epochs: EpochStore
  environments: Pick<EnvironmentStore, 'record' | 'keep'>
  /** The lease every write is made under; null: only look. @throws LEASE_LOST when it is gone */
  lease: (() => LeaseClaim) | null
  /** May this owner's jobs run under the identity, as the configuration stands? */
  mayOwn(owner: string, identity: string): boolean
  /** How long an Idempotency-Key counts. */
  idempotencyMs: number
  now(): Date
  /** After each hundred directories or so. */
  onProgress(identity: string, done: number, of: number): void
}

export interface IdentityReport {
  identity: string
  unixUser: string
  /** Job directories. */
  found: number
  restored: number
  movedForward: number
  held: number
  unchanged: number
  unreadable: { id: string; why: string }[]
  /** Those that were changed, one line each. */
  changes: string[]
}

/** @throws the cluster's or the store's trouble: what was written until then stands, and the next run goes on from there */
export async function recoverCluster(settings: RecoverSettings): Promise<IdentityReport[]> {
  const reports: IdentityReport[] = []
  const gone = await livingRecords(settings)
  const users = new Set<string>()
  for (const { name, unixUser } of settings.cluster.settings.identities) {
    // Identities of one Unix user share its folder.
    if (users.has(unixUser)) continue
    users.add(unixUser)
    reports.push(await recoverIdentity(settings.cluster.identity(name), gone, settings))
  }
  return reports
}

/** The ids of jobs past `accepted` that have not ended: each must have its directory. */
async function livingRecords({ cluster, jobs }: RecoverSettings): Promise<Set<string>> {
  const ids = new Set<string>()
  for (const state of ['prepared', 'pending', 'running', 'finishing'] as const) {
    for (const id of await jobs.idsInState(cluster.settings.name, state)) ids.add(id)
  }
  return ids
}

async function recoverIdentity(
  access: IdentityAccess,
  withoutTrace: Set<string>,
  settings: RecoverSettings,
): Promise<IdentityReport> {
  const { workDir } = settings.cluster.settings
  const place = { workDir, unixUser: access.unixUser }
  const listing = await listJobDirectories(access.transport, place)
  if (listing === null && withoutTrace.size > 0) {
    const missing = `There is no folder ${workDir}/jobs, and the store has ${withoutTrace.size} live jobs: is the file system mounted?`
    throw new OrchestratorError('RESULT_UNREADABLE', missing)
  }
  const ids = listing ?? []
  const report: IdentityReport = {
    identity: access.name,
    unixUser: access.unixUser,
    found: ids.length,
    restored: 0,
    movedForward: 0,
    held: 0,
    unchanged: 0,
    unreadable: [],
    changes: [],
  }
  const listed = rowsByName(await access.scheduler.listJobs())
  let done = 0
  const locks = new Map<string, string>()
  for await (const batch of readRemains(access.transport, place, ids)) {
    const records = await Promise.all(batch.map(remains => knownRecord(remains.id, settings.jobs)))
    const sacct = await accounted(access, batch, records)
    for (const [i, remains] of batch.entries()) {
      withoutTrace.delete(remains.id)
      const { environment = null, owner } = remains.job ?? {}
      if (environment && owner) locks.set(environment.lock, locks.get(environment.lock) ?? owner.id)
      const record = records[i] ?? null
      const recovery =
        record === 'unreadable'
          ? ({ kind: 'unreadable', why: 'the store’s record of it does not fit its schema' } as const)
          : decide(remains, record, access, { squeue: listed, sacct }, settings)
      await apply(recovery, remains, record === 'unreadable' ? null : record, access, settings)
      count(report, remains.id, recovery)
    }
    done += batch.length
    settings.onProgress(access.name, done, ids.length)
  }
  await holdWithoutTrace(access, withoutTrace, report, settings)
  await keepLocks(locks, report, settings)
  return report
}

async function keepLocks(
  locks: ReadonlyMap<string, string>,
  report: IdentityReport,
  { cluster, environments, lease, now }: RecoverSettings,
): Promise<void> {
  const how = { cluster, environments, at: now().toISOString(), dryRun: lease === null }
  const { restored, missing } = await recoverLocks(locks, how)
  for (const id of restored) report.changes.push(`environment ${id.slice(0, 12)} kept again`)
  for (const id of missing)
    report.changes.push(`environment ${id.slice(0, 12)} is lost: its lock lies neither in the store nor on the cluster`)
}

async function knownRecord(id: string, jobs: JobStore): Promise<JobRecord | 'unreadable' | null> {
  try {
    return await jobs.read(id)
  } catch (error) {
    if (isCoded(error) && error.code === 'JOB_NOT_FOUND') return null
    if (isCoded(error) && error.code === 'STORE_RECORD_UNREADABLE') return 'unreadable'
    throw error
  }
}

/** What accounting knows of a batch; ended records need no look. */
async function accounted(
  access: IdentityAccess,
  batch: readonly JobRemains[],
  records: readonly (JobRecord | 'unreadable' | null)[],
): Promise<Map<string, AccountedJob>> {
  const asked = batch.filter((_, i) => records[i] === null || (records[i] as JobRecord).endedAt === null)
  const names = asked.map(remains => newestName(remains, null))
  if (names.length === 0) return new Map()
  const created = asked.flatMap(({ job }) => (job ? [Date.parse(job.createdAt)] : []))
  // A day before the oldest: the cluster's clock may differ from ours. Without any job.json: a year.
  const sinceMs = created.length > 0 ? Math.min(...created) - 86_400_000 : Date.now() - 366 * 86_400_000
  const answer = await access.scheduler.account({ names, since: new Date(sinceMs).toISOString() })
  return rowsByName(answer.kind === 'answered' ? answer.jobs : [])
}

function decide(
  remains: JobRemains,
  record: JobRecord | null,
  { name, unixUser }: IdentityAccess,
  sightings: Sightings,
  { cluster, mayOwn, now }: RecoverSettings,
): Recovery {
  const shared = cluster.settings.identities.filter(identity => identity.unixUser === unixUser)
  const own = shared.find(identity => identity.name === remains.job?.identity.name)?.name ?? name
  const expected = {
    cluster: cluster.settings.name,
    identity: { name: own, unixUser },
    mayOwn: (owner: string) => mayOwn(owner, own),
  }
  return recover(remains, record, expected, sightings, now().toISOString())
}

async function apply(
  recovery: Recovery,
  remains: JobRemains,
  record: JobRecord | null,
  access: IdentityAccess,
  settings: RecoverSettings,
): Promise<void> {
  const { jobs, lease } = settings
  if (lease === null || recovery.kind === 'unchanged' || recovery.kind === 'unreadable') return
  if (recovery.kind !== 'restored') {
    if (record) await jobs.commit(record, recovery.next, recovery.events, lease())
    return
  }
  const idempotency = keyOf(remains, settings)
  const secret = remains.key ?? newReportKey()
  await jobs.restore(recovery.job, recovery.events, { secret, idempotency, lease: lease() })
  // What finished is collected by `finish`; a run that goes on would show a curve without its beginning until then.
  if (!remains.runs.some(run => run.reached === 'result')) await bringEpochs(recovery.job, access, settings)
}

function keyOf({ job }: JobRemains, { idempotencyMs, now }: RecoverSettings) {
  if (!job?.idempotency) return null
  const lifeMs = Date.parse(job.createdAt) + idempotencyMs - now().getTime()
  return lifeMs > 0 ? { key: { owner: job.owner.id, ...job.idempotency }, lifeMs } : null
}

async function bringEpochs(job: JobRecord, access: IdentityAccess, settings: RecoverSettings): Promise<void> {
  const directory = jobDirectoryOf(settings.cluster.settings.workDir, job.identity.unixUser, job.id)
  for (const { run, attempt } of job.runs) {
    const { lines } = await readEpochLines(access.transport, directory, run, 0)
    await settings.epochs.put(
      job.id,
      lines.map(line => ({ ...line, run, attempt })),
    )
  }
}

/** Those of the store's live records of this Unix user that no directory was found for. */
async function holdWithoutTrace(
  { unixUser }: IdentityAccess,
  ids: ReadonlySet<string>,
  report: IdentityReport,
  { jobs, lease, now }: RecoverSettings,
): Promise<void> {
  for (const id of ids) {
    const record = await knownRecord(id, jobs)
    if (record === null || record === 'unreadable') continue
    if (record.identity.unixUser !== unixUser) continue
    const recovery = withoutDirectory(record, now().toISOString())
    if (lease !== null && recovery.kind === 'held') await jobs.commit(record, recovery.next, recovery.events, lease())
    count(report, id, recovery)
  }
}

function count(report: IdentityReport, id: string, recovery: Recovery): void {
  switch (recovery.kind) {
    case 'restored':
      report.restored += 1
      report.changes.push(`${id} restored as ${recovery.job.state}${recovery.job.hold ? ', held' : ''}`)
      if (recovery.job.hold) report.held += 1
      return
    case 'moved-forward':
      report.movedForward += 1
      report.changes.push(`${id} moved forward to ${recovery.next.state}, submission ${recovery.next.submission}`)
      return
    case 'held':
      report.held += 1
      report.changes.push(`${id} held: ${recovery.next.hold?.code}`)
      return
    case 'unchanged':
      report.unchanged += 1
      return
    case 'unreadable':
      report.unreadable.push({ id, why: recovery.why })
  }
}
