// A wished cancel of a job that Slurm has: the mark in the job directory first (a run that starts now obeys it at its
// fence), then scancel by name, user and id together. Slurm's own word ends the job; until then it is asked again.
import { FILES } from '@trotline/contracts'
import type { JobRecord } from '../store/record.ts'
import { placeOf, type StageContext } from './context.ts'

/** COMPLETING may last KillWait (30 s by default) and longer: no sooner again than that. */
const ASK_AGAIN_MS = 45_000

export async function sendCancel(job: JobRecord, context: StageContext): Promise<JobRecord> {
  if (job.slurm === null) throw new TypeError(`job ${job.id} is ${job.state} without a Slurm id`)
  const { access, directory } = placeOf(job, context)
  const at = context.now().toISOString()
  await access.transport.put(`${directory}/${FILES.cancelled}`, `${job.cancelRequestedAt}\n`, { mode: 0o600 })
  await access.scheduler.cancel({ name: job.slurm.name, slurmJobId: job.slurm.jobId })
  return {
    ...job,
    updatedAt: at,
    trying: null,
    inner: { ...job.inner, cancelSentAt: at, dueAt: context.now().getTime() + ASK_AGAIN_MS },
  }
}
