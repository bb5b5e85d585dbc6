// What the auditor is given. Collected once, after everything has ended; nothing in here is asked for again.
import type { Epoch, Job } from '@trotline/contracts'
import type { Asked } from '../client.ts'
import type { Talk } from '../link.ts'
import type { Mark } from '../marks.ts'

/** A row of `sacct -D -X`, or of squeue where accounting does not know the job. */
export interface SlurmRow {
  id: string
  name: string
  state: string
  exitCode: string
  /** RFC 3339; null: Slurm does not say. */
  submitAt: string | null
  startAt: string | null
  endAt: string | null
  source: 'sacct' | 'squeue'
}

/** What one run left in its folder. */
export interface RunFolder {
  run: string
  /** Nonces of all fence files, finished or not. */
  fences: string[]
  /** How many processes said that they train: each that passed the fence says so once, in the run's stdout. */
  trainings: number
  /** How many said that they begin. */
  starts: number
  epochs: number[]
  result: { outcome: string; epochs: number | null; weights: string | null } | null
}

export interface JobFolder {
  receipts: Record<number, string>
  tried: number
  refused: number
  runs: RunFolder[]
}

export interface RecordOfJob {
  job: Job
  epochs: Epoch[]
}

export interface Evidence {
  asked: readonly Asked[]
  /** By id. */
  records: ReadonlyMap<string, RecordOfJob>
  /** Every id that the list of jobs shows. */
  listed: readonly string[]
  slurm: readonly SlurmRow[]
  /** By id. */
  folders: ReadonlyMap<string, JobFolder>
  marks: readonly Mark[]
  /** Per server: when it talked to the cluster. */
  talks: readonly (readonly Talk[])[]
}

/** A mark of everybody concerns whoever was alive while it lasted, or had ended at most so long before. */
export function concerns(mark: Mark, job: Job, { afterEndMs = 0 } = {}): boolean {
  if (mark.jobs !== null) return mark.jobs.includes(job.id)
  const endedMs = job.endedAt === null ? Number.POSITIVE_INFINITY : Date.parse(job.endedAt) + afterEndMs
  return Date.parse(job.createdAt) <= (mark.untilMs ?? Number.POSITIVE_INFINITY) && endedMs >= mark.fromMs
}

/** What slurmctld had not saved, nor told its database, when it was killed is forgotten too: also of jobs that had just ended. */
const UNSAVED_MS = 60_000

/** Slurm was made to forget while the job was alive, or so soon afterwards that it may have forgotten the ending. */
export const mayBeForgotten = (job: Job, marks: readonly Mark[]): boolean =>
  marks.some(mark => mark.forgets && concerns(mark, job, { afterEndMs: UNSAVED_MS }))

/** `tl-<job>-<submission>`; null for a Slurm job that is none of ours. */
export function ownerOf({ name }: SlurmRow): { id: string; submission: number } | null {
  const [, id, submission] = /^tl-([a-z0-9]+)-(\d+)$/.exec(name) ?? []
  return id === undefined ? null : { id, submission: Number(submission) }
}
