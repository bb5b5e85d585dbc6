// `GET /v1/jobs/{id}/why`: why a job is where it is, in words, with the lines this was concluded from and one thing to do.
import { z } from 'zod'
import { JobState } from './job.ts'
import { Timestamp } from './names.ts'

export const EVIDENCE_SOURCES = ['squeue', 'sacct', 'receipt', 'report', 'record', 'worker'] as const

export const WhyEvidence = z.strictObject({
  source: z.enum(EVIDENCE_SOURCES),
  /** When it was seen, by our clock; null: that was not written down. */
  at: Timestamp.nullable(),
  line: z.string(),
})
export type WhyEvidence = z.infer<typeof WhyEvidence>

/** A job that Slurm has and does not run yet. */
export const PendingWhy = z.strictObject({
  /** Slurm's own word, such as Priority; null: it gave none. */
  reason: z.string().nullable(),
  meaning: z.string(),
  /** Pending jobs of the partition with a higher claim; null: it cannot be known. */
  jobsAhead: z.int().min(0).nullable(),
  /** Slurm's estimate (squeue --start), by the cluster's clock; null: it has none, or could not be asked. */
  expectedStart: Timestamp.nullable(),
  /** When Slurm was asked for this answer; null: it could not be asked. */
  askedAt: Timestamp.nullable(),
})
export type PendingWhy = z.infer<typeof PendingWhy>

export const Why = z
  .strictObject({
    state: JobState,
    /** One sentence. */
    summary: z.string(),
    details: z.array(z.string()).max(200),
    evidence: z.array(WhyEvidence).max(200),
    /** One thing to do; null: nothing but to wait, or nothing at all. */
    action: z.string().nullable(),
    pending: PendingWhy.nullable(),
  })
  .meta({ id: 'Why' })
export type Why = z.infer<typeof Why>
