// What an answer to "why" is made from, and its bare form.
import type { Job, JobEvent, Materialisation, Paused, Why } from '@trotline/contracts'
import type { JobRecord } from '../store/record.ts'

/** What Slurm said of this one waiting job. */
export interface WaitingLook {
  askedAt: string
  /** null: Slurm does not list it among the waiting jobs now. */
  job: { slurmJobId: string; reason: string | null; expectedStart: string | null; jobsAhead: number | null } | null
}

export interface WhyInput {
  job: JobRecord
  progress: Job['progress']
  /** The newest of its events, oldest first. */
  events: readonly JobEvent[]
  paused: Paused | null
  /** null: Slurm was not asked, as nothing waits there. */
  look: WaitingLook | { couldNotAsk: string } | null
  /** What it runs in, on its cluster; null: it needs none, or nobody has asked for that yet. Absent: as null. */
  environment?: Materialisation | null
  nowMs: number
}

export type Told = Omit<Why, 'state'>

export const told = (summary: string, rest: Partial<Told> = {}): Told => ({
  summary,
  details: [],
  evidence: [],
  action: null,
  pending: null,
  ...rest,
})
