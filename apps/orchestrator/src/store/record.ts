// The job as it is stored: what REST shows (less progress, which grows beside it) and what only the server needs.
import { Job } from '@trotline/contracts'
import { z } from 'zod'

export const SCHEMA_VERSION = 1

/** What Slurm said when it was over, kept until the results are collected. */
export const Ending = z.strictObject({
  /**
   * Slurm's word, upper case; `RESULT` where only the worker's own result says so, `LAUNCH_FAILED` where we or
   * slurmd took it out after a failed start, `LOST` where nobody knows of it any more.
   */
  state: z.string(),
  exitCode: z.string().nullable(),
  evidence: z.array(z.string()),
  at: z.iso.datetime(),
})
export type Ending = z.infer<typeof Ending>

export const JobRecord = Job.omit({ progress: true, expanded: true }).extend({
  schemaVersion: z.literal(SCHEMA_VERSION),
  inner: z.strictObject({
    /** When the job's stage is to be tried next (ms); null: nothing is due, squeue tells. */
    dueAt: z.number().nullable(),
    /** Set, durably, before the remote step that may call sbatch: from here on a job may stand in Slurm. */
    submitIntentAt: z.iso.datetime().nullable(),
    /** The sbatch script of the present submission, word for word; null before the first. */
    script: z.string().nullable(),
    /** Ticks in a row in which the sources did not agree, and when that began; null: they agree. */
    doubt: z.strictObject({ ticks: z.int().min(1), since: z.iso.datetime() }).nullable(),
    cancelSentAt: z.iso.datetime().nullable(),
    /** Slurm holds the job after a failed start and we take it out: its CANCELLED is our own. */
    givenUp: z.strictObject({ at: z.iso.datetime(), evidence: z.array(z.string()) }).nullable(),
    ending: Ending.nullable(),
  }),
})
export type JobRecord = z.infer<typeof JobRecord>

/** Of a record whose stage is due at once and of which nothing has been tried. */
export const untried = (at: string): JobRecord['inner'] => ({
  dueAt: Date.parse(at),
  submitIntentAt: null,
  script: null,
  doubt: null,
  cancelSentAt: null,
  givenUp: null,
  ending: null,
})
