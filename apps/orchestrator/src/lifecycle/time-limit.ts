// Until when a run may still be there whose end nobody can tell. Pure.
import type { SlurmFacts } from '@trotline/slurm'
import type { JobRecord } from '../store/record.ts'

/** For a prologue, for slurmctld's own rounds, and for clocks that differ by little. */
const MARGIN_MS = 10 * 60_000

/**
 * Has the present submission's time passed? Slurm lets a job run OverTimeLimit past its limit and waits KillWait before it kills;
 * where the site lets jobs run on for ever, time tells nothing.
 *
 * @param startedByMs by our own clock, when the newest run had surely started: a node tells its start by its own clock, which may be years ahead
 */
export function timeLimitPassed(
  job: JobRecord,
  { killWaitSeconds, overTimeLimitSeconds }: Pick<SlurmFacts, 'killWaitSeconds' | 'overTimeLimitSeconds'>,
  { nowMs, startedByMs }: { nowMs: number; startedByMs: number },
): boolean {
  if (overTimeLimitSeconds === 'unlimited') return false
  const seenAtMs = Date.parse(job.slurm?.seenAt ?? job.updatedAt)
  const { startedAt } = job.runs.at(-1) ?? { startedAt: null }
  const startedAtMs = startedAt === null ? seenAtMs : Math.min(Date.parse(startedAt), startedByMs)
  const minutes = job.submissions.at(-1)?.timeLimitMinutes ?? job.request.resources.timeLimitMinutes
  const overSeconds = overTimeLimitSeconds === 'unset' ? 0 : overTimeLimitSeconds
  const graceMs = (overSeconds + killWaitSeconds) * 1000 + MARGIN_MS
  return nowMs > Math.max(seenAtMs, startedAtMs) + minutes * 60_000 + graceMs
}
