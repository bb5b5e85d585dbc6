// Which changes of a job webhooks may be told of. They go into an outbox in the same step of Redis as the change itself, so that no crash
// comes between the two. Kept small: the job is read when somebody is to be told.
import { type JobEvent, JobId, OwnerId, Timestamp } from '@trotline/contracts'
import { z } from 'zod'

/** So far behind is only a store from which nobody sends. */
export const OUTBOX_KEPT = 20_000

const HAPPENED = ['failed', 'held', 'completed', 'cancelled', 'started'] as const
export type Happened = (typeof HAPPENED)[number]

export const ToldEvent = z.strictObject({
  job: JobId,
  owner: OwnerId,
  happened: z.enum(HAPPENED),
  at: Timestamp,
  /** The event's own words: the record may have moved on. */
  detail: z.string(),
})
export type ToldEvent = z.infer<typeof ToldEvent>

const BY_STATE: Readonly<Record<string, Happened>> = {
  running: 'started',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
}
const MOST_DETAIL = 2_000

/** As JSON; '': nothing. The last of several changes counts: a record is committed as it stands after all of them. */
export function toldOf(job: { id: string; owner: { id: string } }, events: readonly JobEvent[]): string {
  for (const event of events.toReversed()) {
    const happened = event.type === 'held' ? 'held' : event.type === 'state' ? BY_STATE[event.to] : undefined
    if (happened === undefined) continue
    const { at, detail } = event as Extract<JobEvent, { type: 'held' | 'state' }>
    const told: ToldEvent = { job: job.id, owner: job.owner.id, happened, at, detail: detail.slice(0, MOST_DETAIL) }
    return JSON.stringify(told)
  }
  return ''
}
