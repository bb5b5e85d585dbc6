// What `GET /v1/stream` carries: many topics over one connection. Each event names its topic, word for word as it was asked for, and its id
// says where the reader stands in all of them.
//
//   jobs                                  summaries of the caller's jobs as they change (operators: of all jobs)
//   job:<id>[:<seq>]                      a job: first as it is now, or, with a number, the events that are kept after that one
//   log:<id>:<stdout|stderr|slurm>[:<attempt>:<offset>]   bytes of a log, across attempts; default: the newest attempt from its first byte
//   clusters                              the clusters as they change
import { z } from 'zod'
import { Cluster } from './cluster.ts'
import { JobEvent } from './event.ts'
import { Job, JobSummary } from './job.ts'
import { Problem } from './problem.ts'

/** Of one connection. */
export const MOST_TOPICS = 32

export const StreamTopic = z
  .string()
  .max(80)
  .regex(
    /^(jobs|clusters|job:[a-z0-9]{12}(:[0-9]{1,12})?|log:[a-z0-9]{12}:(stdout|stderr|slurm)(:[0-9]{1,6}:[0-9]{1,15})?)$/,
    'is not a topic: jobs, clusters, job:<id>[:<seq>] or log:<id>:<stdout|stderr|slurm>[:<attempt>:<offset>]',
  )
export type StreamTopic = z.infer<typeof StreamTopic>

const topic = { topic: StreamTopic }
/** How old what an event says is, by the server's clock; readers count on from there and need no clock of their own. */
const ageMs = z.int().min(0)
const at = { attempt: z.int().min(0), offset: z.int().min(0) }

/** The data of an event, by the event's name. */
export const STREAM_EVENTS = {
  jobs: z.strictObject({ ...topic, items: z.array(JobSummary) }),
  job: z.strictObject({
    ...topic,
    ageMs,
    /** null: nothing happened; this is the job as it is now. */
    event: JobEvent.nullable(),
    /** Where the record is another than the one sent before. */
    job: Job.nullable(),
    /** Since Slurm last told of it; null: it never has. Only with a job. */
    slurmAgeMs: ageMs.nullable(),
  }),
  cluster: z.strictObject({ ...topic, /** Since it was last asked. */ ageMs, cluster: Cluster }),
  /** Invalid UTF-8 comes as base64. */
  log: z.strictObject({
    ...topic,
    ...at,
    next: z.int().min(0),
    text: z.string().optional(),
    base64: z.base64().optional(),
  }),
  attempt: z.strictObject({ ...topic, attempt: z.int(), run: z.string(), node: z.string().nullable() }),
  /** The job cut its file short: it is told from its beginning again. */
  cut: z.strictObject({ ...topic, attempt: z.int(), at: z.int().min(0) }),
  end: z.strictObject({ ...topic, ...at }),
  /** What came before is not kept: read the list, or the job, afresh. Whatever changes from here on is told. */
  reset: z.strictObject(topic),
  /** A passing trouble. The server tries again by itself, and no event of the topic is lost. */
  problem: z.strictObject({ ...topic, problem: Problem }),
  /** There is no such topic for this reader, and nothing more of it comes. The others go on. */
  gone: z.strictObject({ ...topic, problem: Problem }),
} as const
export type StreamEventName = keyof typeof STREAM_EVENTS
export type StreamEventData<Name extends StreamEventName> = z.infer<(typeof STREAM_EVENTS)[Name]>
