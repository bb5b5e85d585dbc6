// What earlier ticks of this owner saw. A job whose record and whose row in squeue are both as they were when nothing was to be
// done about them needs no second thought: 10,000 waiting jobs cost a tick one question and 10,000 comparisons.
// Only an omission of work: without it every tick decides everything anew and comes to the same.
import type { SlurmJob } from '@trotline/slurm'

export interface Watched {
  /** Of the record that the rest was taken from; any other writer's commit changes it, and the job is read anew. */
  readonly revision: number
  readonly identity: string
  /** In Slurm, submission included. */
  readonly name: string
  /** The row about which, with this revision, nothing was to be done; null: decide. */
  settledRow: SlurmJob | null
  /** Before the newest question to squeue in which the job was listed and not over; null: not in this owner's time. */
  listedAtMs: number | null
}

/** By job id. */
export interface WatchMemory extends Map<string, Watched> {
  /** By identity, how far the look at its strays has come (strays.ts). */
  readonly strays: Map<string, string | null>
}

export const createWatchMemory = (): WatchMemory => Object.assign(new Map<string, Watched>(), { strays: new Map() })

/** A look under another name is none of this submission. */
export function remember(memory: WatchMemory, jobId: string, now: Omit<Watched, 'settledRow' | 'listedAtMs'>): Watched {
  const before = memory.get(jobId)
  const listedAtMs = before?.name === now.name ? before.listedAtMs : null
  const watched = { ...now, settledRow: null, listedAtMs }
  memory.set(jobId, watched)
  return watched
}

export function forgetOthers(memory: WatchMemory, ids: readonly string[]): void {
  if (memory.size === 0) return
  const live = new Set(ids)
  for (const id of memory.keys()) if (!live.has(id)) memory.delete(id)
}

/**
 * Whether two rows say the same of a job as far as a decision goes. Slurm's guess when a waiting job may start moves with every
 * round of its scheduler and decides nothing.
 */
export const sameRow = (one: SlurmJob, other: SlurmJob): boolean =>
  one.state.raw === other.state.raw &&
  one.reason === other.reason &&
  one.slurmJobId === other.slurmJobId &&
  one.nodeList === other.nodeList &&
  one.submitAt === other.submitAt &&
  one.restarts === other.restarts
