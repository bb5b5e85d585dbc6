// The job as it is stored: what REST shows (less progress, which grows beside it) and what only the server needs.
import { createHash } from 'node:crypto'
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

/**
 * Of the records that this server writes, kept beside each. One of another shape is of another version: only whoever parses it knows its
 * defaults. One of this shape may be shown as it stands, because checking it takes ten times as long as reading it.
 */
const RECORD_SHAPE = createHash('sha256')
  .update(JSON.stringify(z.toJSONSchema(JobRecord)))
  .digest('hex')
  .slice(0, 12)

/** With the revision, because a server that knows of no shapes writes over what this one wrote and leaves its shape there. */
export const shapeOf = ({ revision }: Pick<JobRecord, 'revision'>): string => `${RECORD_SHAPE} ${revision}`

const hiddenText = ({ schemaVersion, inner }: JobRecord): string =>
  `${JSON.stringify({ schemaVersion, inner }).slice(0, -1)},`

export const shownOf = ({ schemaVersion: _, inner: __, ...shown }: JobRecord): Omit<Job, 'progress' | 'expanded'> =>
  shown

/** JSON of the record: first what is not shown, so that the rest can be shown as it stands. */
export const recordText = (record: JobRecord): string => hiddenText(record) + JSON.stringify(shownOf(record)).slice(1)

/** JSON of `shownOf`. @param text JSON of the record, in whatever order, with all its fields */
export function shownText(record: JobRecord, text: string): string {
  const hidden = hiddenText(record)
  return text.startsWith(hidden) ? `{${text.slice(hidden.length)}` : JSON.stringify(shownOf(record))
}

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
