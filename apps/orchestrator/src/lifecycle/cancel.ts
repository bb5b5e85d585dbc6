// A wished cancel of a job that Slurm has: the mark in the job directory first (a run that starts now obeys it at its
// fence), then scancel by name, user and id together. Slurm's own word ends the job; until then it is asked again.
import { FILES } from '@trotline/contracts'
import type { IdentityAccess } from '../clusters/access.ts'
import { isGone } from '../clusters/runs.ts'
import { isCoded } from '../errors.ts'
import type { JobRecord } from '../store/record.ts'
import { placeOf, type StageContext } from './context.ts'

/** COMPLETING may last KillWait and longer: no sooner again than that. */
const ASK_AGAIN_SECONDS = 45
const BEYOND_KILL_WAIT_SECONDS = 15

export async function sendCancel(job: JobRecord, context: StageContext): Promise<JobRecord> {
  if (job.slurm === null) throw new TypeError(`job ${job.id} is ${job.state} without a Slurm id`)
  const { access, directory } = placeOf(job, context)
  const at = context.now().toISOString()
  await access.transport
    .put(`${directory}/${FILES.cancelled}`, `${job.cancelRequestedAt}\n`, { mode: 0o600 })
    .catch(async (error: unknown) => {
      // A directory that is gone lets no run train.
      if (!isCoded(error) || error.code !== 'FILE_FAILED' || !(await isGone(access.transport, directory))) throw error
    })
  context.crash('cancel:after-mark')
  await access.scheduler.cancel({ name: job.slurm.name, slurmJobId: job.slurm.jobId })
  return {
    ...job,
    updatedAt: at,
    trying: null,
    inner: { ...job.inner, cancelSentAt: at, dueAt: context.now().getTime() + (await askAgainMs(access)) },
  }
}

async function askAgainMs({ scheduler }: IdentityAccess): Promise<number> {
  const killWaitSeconds = await scheduler.facts().then(
    facts => facts.killWaitSeconds,
    (error: unknown) => {
      // It has been sent: what cannot be asked now must not have it sent anew at once.
      if (!isCoded(error)) throw error
      return 0
    },
  )
  return Math.max(ASK_AGAIN_SECONDS, killWaitSeconds + BEYOND_KILL_WAIT_SECONDS) * 1000
}
