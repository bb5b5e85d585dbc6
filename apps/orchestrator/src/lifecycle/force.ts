// The end of a job that cannot be concluded: nobody can tell whether Slurm has it, and a person decides that it is over.
// It ends as cancelled, and the record says who forced it and that a Slurm job may still be there.
import { slurmNameOf } from '../clusters/layout.ts'
import { OrchestratorError } from '../errors.ts'
import type { JobRecord } from '../store/record.ts'
import { cancelled, type Move } from './machine.ts'

/** May the job be ended by force now? @throws OrchestratorError JOB_ENDED, JOB_NOT_HELD with what to do instead */
export function mayForce(job: JobRecord, nowMs: number, afterMinutes: number): void {
  if (job.endedAt !== null)
    throw new OrchestratorError('JOB_ENDED', `Job ${job.id} is ${job.state}; there is nothing to cancel`)
  if (job.hold !== null) return
  if (job.cancelRequestedAt === null) {
    throw new OrchestratorError(
      'JOB_NOT_HELD',
      `Job ${job.id} is ${job.state} and not held: cancel it without force first`,
    )
  }
  const waitedMs = nowMs - Date.parse(job.cancelRequestedAt)
  if (waitedMs >= afterMinutes * 60_000) return
  const left = Math.ceil((afterMinutes * 60_000 - waitedMs) / 60_000)
  throw new OrchestratorError(
    'JOB_NOT_HELD',
    `The cancel of job ${job.id} is under way; it can be forced in ${left} ${left === 1 ? 'minute' : 'minutes'} if it has not come to an end by then`,
  )
}

/** @param mark what came of the mark in the job directory, which keeps a run that starts later from training */
export function forced(job: JobRecord, at: string, by: string, mark: string): Move {
  const name = slurmNameOf(job.id, job.submission)
  const known = job.slurm ? `Slurm job ${job.slurm.jobId} (${name})` : `a Slurm job of the name ${name}`
  const detail = `${by} ended it by force. ${known[0]?.toUpperCase()}${known.slice(1)} may still be there, and Trotline looks after it no more.`
  return cancelled(job, at, detail, [
    `forced by ${by}`,
    job.hold ? `held: ${job.hold.code}: ${job.hold.detail}` : `cancel wished at ${job.cancelRequestedAt}`,
    `cancelled mark: ${mark}`,
  ])
}
