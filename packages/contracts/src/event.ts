// What `/v1/jobs/{id}/events` carries: every change of a job, numbered 1, 2, 3 … so that a reader resumes exactly.
import { z } from 'zod'
import { Epoch } from './epoch.ts'
import { JobState, Stage } from './job.ts'
import { Timestamp } from './names.ts'

const at = { at: Timestamp }

export const JobEvent = z
  .discriminatedUnion('type', [
    /** `evidence` is what the move was concluded from: a squeue or sacct line, a receipt, a report, a request. */
    z.strictObject({
      ...at,
      type: z.literal('state'),
      from: JobState.nullable(),
      to: JobState,
      detail: z.string(),
      evidence: z.array(z.string()),
    }),
    z.strictObject({ ...at, type: z.literal('epochs'), first: z.int(), last: Epoch, count: z.int(), total: z.int() }),
    z.strictObject({
      ...at,
      type: z.literal('trying'),
      stage: Stage,
      tries: z.int(),
      code: z.string(),
      detail: z.string(),
    }),
    z.strictObject({ ...at, type: z.literal('held'), stage: Stage, code: z.string(), detail: z.string() }),
    z.strictObject({ ...at, type: z.literal('released'), by: z.string() }),
    z.strictObject({ ...at, type: z.literal('cancel-requested'), by: z.string() }),
    z.strictObject({ ...at, type: z.literal('run'), run: z.string(), attempt: z.int(), node: z.string().nullable() }),
    z.strictObject({ ...at, type: z.literal('note'), text: z.string() }),
    /** The cursor is older than what is kept: read the job afresh and go on from `seq`. */
    z.strictObject({ ...at, type: z.literal('reset'), seq: z.int() }),
  ])
  .meta({ id: 'JobEvent' })
export type JobEvent = z.infer<typeof JobEvent>

export const EpochPage = z.strictObject({ items: z.array(Epoch), next: z.int().nullable() }).meta({ id: 'EpochPage' })
export type EpochPage = z.infer<typeof EpochPage>
