// One tick for one cluster: what became of all its live jobs. One squeue per identity however many jobs there are; sacct and the
// runs' files only for those that squeue calls over or no longer lists; the store only for those of which something changed.
import type { SlurmJob } from '@trotline/slurm'
import type { IdentityAccess } from '../clusters/access.ts'
import { slurmNameOf } from '../clusters/layout.ts'
import { isCoded } from '../errors.ts'
import type { JobRecord } from '../store/record.ts'
import type { StageContext } from './context.ts'
import { type Move, noted, runSeen, seen } from './machine.ts'
import { settleUnlisted } from './settle.ts'
import { lineOf, rowsByName, squeueOf, viewOf } from './squeue-row.ts'
import { handleStrays } from './strays.ts'
import { createWatchMemory, forgetOthers, remember, sameRow, type Watched, type WatchMemory } from './watch-memory.ts'

/** Reads and writes of the store side by side: they share a round trip and, in Redis, one sync to disk. */
const AT_ONCE = 100

export interface Tick {
  live: number
  /** Jobs that moved to `finishing` or back to `prepared`: their stage is due now. */
  due: string[]
}

/**
 * @param memory of this owner's earlier ticks
 * @throws SlurmError when squeue could not be asked: nothing is known and nothing changes
 */
export async function watch(context: StageContext, memory: WatchMemory = createWatchMemory()): Promise<Tick> {
  try {
    return await tick(context, memory)
  } catch (error) {
    // A store that was away may come back as an older one, in which a revision may mean another record.
    if (isCoded(error) && error.code.startsWith('STORE_')) memory.clear()
    throw error
  }
}

async function tick(context: StageContext, memory: WatchMemory): Promise<Tick> {
  const { settings } = context.cluster
  const ids = [
    ...(await context.jobs.idsInState(settings.name, 'pending')),
    ...(await context.jobs.idsInState(settings.name, 'running')),
  ]
  const due: string[] = []
  forgetOthers(memory, ids)
  if (ids.length === 0) return { live: 0, due }
  const read = await readChanged(ids, context, memory)
  const byIdentity = new Map<string, string[]>()
  for (const id of ids) {
    const identity = memory.get(id)?.identity
    if (identity === undefined) continue
    const mine = byIdentity.get(identity)
    if (mine) mine.push(id)
    else byIdentity.set(identity, [id])
  }
  let trouble: unknown = null
  for (const [identity, mine] of byIdentity) {
    try {
      due.push(...(await watchIdentity(context.cluster.identity(identity), mine, read, context, memory)))
    } catch (error) {
      // One identity's refused key must not blind us to the jobs of the others.
      trouble ??= error
    }
  }
  // What became due meanwhile stands in the due index, where the sweep finds it.
  if (trouble !== null) throw trouble
  return { live: ids.length, due }
}

/** Brings the memory up to the store. Answers the records that were read for it, for they are likely to be decided about. */
async function readChanged(
  ids: readonly string[],
  context: StageContext,
  memory: WatchMemory,
): Promise<Map<string, JobRecord>> {
  const revisions = await context.jobs.revisions(ids)
  const changed = ids.filter((id, i) => memory.get(id)?.revision !== revisions[i])
  const read = new Map<string, JobRecord>()
  await inParts(changed, async id => {
    const job = await readWatched(id, context, memory)
    if (job !== null) read.set(id, job)
  })
  return read
}

/** null: it moved on since it was listed, or its record cannot be read, which must not stop the others. */
async function readWatched(id: string, context: StageContext, memory: WatchMemory): Promise<JobRecord | null> {
  try {
    const job = await context.jobs.read(id)
    if (job.state === 'pending' || job.state === 'running') {
      keep(memory, job)
      return job
    }
  } catch (error) {
    if (!isCoded(error) || error.code !== 'STORE_RECORD_UNREADABLE') throw error
    context.log.error({ err: error, jobId: id }, 'a job is not watched')
  }
  memory.delete(id)
  return null
}

const keep = (memory: WatchMemory, job: JobRecord): Watched =>
  remember(memory, job.id, {
    revision: job.revision,
    identity: job.identity.name,
    name: slurmNameOf(job.id, job.submission),
  })

async function watchIdentity(
  access: IdentityAccess,
  ids: readonly string[],
  read: ReadonlyMap<string, JobRecord>,
  context: StageContext,
  memory: WatchMemory,
): Promise<string[]> {
  const askedAtMs = context.now().getTime()
  const listed = rowsByName(await access.scheduler.listJobs())
  const asking: string[] = []
  for (const id of ids) {
    const watched = memory.get(id)
    if (watched === undefined) continue
    const row = listed.get(watched.name)
    if (row && isListed(row)) {
      watched.listedAtMs = askedAtMs
      if (watched.settledRow !== null && sameRow(watched.settledRow, row)) {
        // The newer of two equal rows: a row is a piece of its answer's whole text, which the older one would keep alive.
        watched.settledRow = row
        continue
      }
    }
    asking.push(id)
  }
  const jobs: JobRecord[] = []
  await inParts(asking, async id => {
    const job = read.get(id) ?? (await readWatched(id, context, memory))
    if (job !== null) jobs.push(job)
  })
  const due: string[] = []
  const unlisted: JobRecord[] = []
  await inParts(jobs, async job => {
    const row = listed.get(slurmNameOf(job.id, job.submission))
    if (!row || !isListed(row)) unlisted.push(job)
    else await whileListed(job, row, context, memory)
  })
  const names = new Set(ids.map(id => memory.get(id)?.name ?? ''))
  memory.strays.set(
    access.name,
    await handleStrays(access, listed, names, memory.strays.get(access.name) ?? null, context),
  )
  if (unlisted.length === 0) return due
  const moves = await settleUnlisted(
    access,
    unlisted.map(job => ({ job, listedAtMs: memory.get(job.id)?.listedAtMs ?? null })),
    listed,
    context,
  )
  await inParts([...unlisted.entries()], async ([i, job]) => {
    const stored = await store(job, moves[i] ?? null, context)
    if (stored?.inner.dueAt != null) due.push(job.id)
  })
  return due
}

const isListed = (row: SlurmJob): boolean => {
  const squeue = squeueOf(row)
  return squeue !== 'over' && squeue !== 'stuck'
}

async function whileListed(job: JobRecord, row: SlurmJob, context: StageContext, memory: WatchMemory): Promise<void> {
  const move = moveWhileListed(job, row, context)
  const now = move === null ? job : await store(job, move, context)
  // Another write came first: the job is read anew in the next tick.
  if (now === null) return
  const watched = keep(memory, now)
  if (move === null || moveWhileListed(now, row, context) === null) watched.settledRow = row
}

function moveWhileListed(job: JobRecord, row: SlurmJob, context: StageContext): Move | null {
  const at = context.now().toISOString()
  const squeue = squeueOf(row)
  if (squeue === 'strange') {
    const text = `squeue shows the state ${row.state.raw}, which this version does not know; the job counts as not finished.`
    return job.notes.at(-1)?.text === text ? null : noted(job, at, text)
  }
  const moved = seen(job, at, squeue === 'live' ? 'running' : 'pending', viewOf(row, at), lineOf(row))
  if (squeue !== 'live') return moved
  // squeue's restart count is the run's SLURM_RESTART_COUNT: the run is known before it has reported anything.
  const run = runSeen(moved?.next ?? job, at, {
    run: `${job.submission}-${row.restarts}`,
    slurmJobId: row.slurmJobId,
    node: row.nodeList || null,
    resumed: null,
    startedAt: null,
    endedAt: null,
    ending: null,
  })
  if (run === null) return moved
  return { next: run.next, events: [...(moved?.events ?? []), ...run.events] }
}

async function store(job: JobRecord, move: Move | null, context: StageContext): Promise<JobRecord | null> {
  if (move === null) return null
  try {
    return await context.jobs.commit(job, move.next, move.events, context.lease())
  } catch (error) {
    // Another write of this process came first (a cancel, a report): the next tick looks again.
    if (isCoded(error) && error.code === 'JOB_STALE_REVISION') return null
    throw error
  }
}

/** Nothing runs on after the first trouble is thrown. */
async function inParts<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const done = await Promise.allSettled(items.slice(from, from + AT_ONCE).map(act))
    const trouble = done.find(one => one.status === 'rejected')
    if (trouble) throw trouble.reason
  }
}
