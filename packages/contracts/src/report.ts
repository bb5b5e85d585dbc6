// What a run says through the queue. Durable truth is epochs.jsonl; these messages only make it live.
// Wire form: { body, mac }. The mac covers the body's exact text, so no canonical JSON is needed. See signature.ts.
import { z } from 'zod'
import { EpochLine, RunId } from './epoch.ts'
import { ResumedFrom } from './job-directory.ts'
import { JobId, Timestamp } from './names.ts'

export const EPOCH_REPORTS_QUEUE = 'epoch-reports'
/** A run sends at most this many messages a second; epochs in between share one. */
export const MAX_REPORTS_PER_SECOND = 4
/** 1,000 epochs of six metrics are about 200 kB. */
export const MAX_EPOCHS_PER_REPORT = 1000

const head = { v: z.literal(1), jobId: JobId, run: RunId, seq: z.int().min(0), at: Timestamp }

export const Report = z.discriminatedUnion('kind', [
  z.strictObject({
    ...head,
    kind: z.literal('started'),
    slurmJobId: z.string(),
    node: z.string(),
    runtime: z.string(),
    backend: z.string(),
    resumed: ResumedFrom.nullable(),
  }),
  z.strictObject({ ...head, kind: z.literal('epochs'), epochs: z.array(EpochLine).min(1).max(MAX_EPOCHS_PER_REPORT) }),
  z.strictObject({ ...head, kind: z.literal('heartbeat'), epoch: z.int().nullable() }),
  z.strictObject({ ...head, kind: z.literal('ended'), outcome: z.enum(['completed', 'failed', 'stopped']) }),
])
export type Report = z.infer<typeof Report>

export const SignedReport = z.strictObject({ body: z.string().max(1_048_576), mac: z.string().regex(/^[0-9a-f]{64}$/) })
export type SignedReport = z.infer<typeof SignedReport>

/** Unique per job and deterministic, so that a report sent twice is stored once. BullMQ refuses ":" and plain integers. */
export const reportMessageId = (report: Pick<Report, 'jobId' | 'run' | 'seq'>): string =>
  `${report.jobId}-${report.run}-${report.seq}`
