// Why a job failed. The reasons are never merged; each has a sentence for people and one thing to do.
import { z } from 'zod'

export const FAILURE_REASONS = [
  'exit-code',
  'signal',
  'out-of-memory',
  'time-limit',
  'node-fail',
  'boot-fail',
  'launch-failed',
  'preempted',
  'deadline',
  'incompatible-node',
  'environment',
  'submission-refused',
  'training',
  'no-result',
  'lost',
] as const
export const FailureReason = z.enum(FAILURE_REASONS)
export type FailureReason = z.infer<typeof FailureReason>

export const Failure = z
  .strictObject({
    reason: FailureReason,
    /** What happened, in a sentence, with the figures of this job. */
    detail: z.string(),
    /** One thing to do. */
    action: z.string(),
    /** The lines this was concluded from: Slurm's words, the worker's words. */
    evidence: z.array(z.string()).max(32),
    /** The last lines of the run's stderr, or of stdout where stderr is empty. */
    logTail: z.string(),
  })
  .meta({ id: 'Failure' })
export type Failure = z.infer<typeof Failure>
