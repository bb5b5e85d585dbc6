// Jobs in Slurm that carry a name of ours and that nobody waits for: an earlier submission that slurmctld remembers again, an
// ended job that an outsider put back into the queue. A run of either leaves at its fence; this says so, and tidies what is ours.

import { isTerminal } from '@trotline/contracts'
import type { SlurmJob } from '@trotline/slurm'
import type { IdentityAccess } from '../clusters/access.ts'
import { ownerOfName } from '../clusters/layout.ts'
import { isCoded } from '../errors.ts'
import type { JobRecord } from '../store/record.ts'
import type { StageContext } from './context.ts'
import { noted } from './machine.ts'

/** More in one tick can wait for the next. */
const AT_MOST = 50

/** @param watched the names that the watch itself decides about */
export async function handleStrays(
  access: IdentityAccess,
  listed: ReadonlyMap<string, SlurmJob>,
  watched: ReadonlySet<string>,
  context: StageContext,
): Promise<void> {
  let looked = 0
  for (const [name, row] of listed) {
    if (row.state.phase === 'over' || watched.has(name) || looked >= AT_MOST) continue
    const ours = ownerOfName(name)
    if (ours === null) continue
    looked += 1
    const job = await readOwner(ours.jobId, access, context)
    if (job === null) continue
    if (ours.submission < job.submission) {
      await access.scheduler.cancel({ name, slurmJobId: row.slurmJobId })
      await noteOnce(
        job,
        `Slurm has submission ${ours.submission} again, which was given up for another: it is cancelled.`,
        context,
      )
    } else if (isTerminal(job.state) && ours.submission === job.submission) {
      await noteOnce(
        job,
        'Slurm lists the ended job again, which is not our doing: a run that starts now leaves at its fence.',
        context,
      )
    }
  }
}

/** null: no record of ours, or not this identity's, or one that cannot be read. */
async function readOwner(jobId: string, access: IdentityAccess, context: StageContext): Promise<JobRecord | null> {
  try {
    const job = await context.jobs.read(jobId)
    return job.identity.name === access.name && job.cluster === context.cluster.settings.name ? job : null
  } catch (error) {
    if (isCoded(error) && (error.code === 'JOB_NOT_FOUND' || error.code === 'STORE_RECORD_UNREADABLE')) return null
    throw error
  }
}

async function noteOnce(job: JobRecord, text: string, context: StageContext): Promise<void> {
  if (job.notes.some(note => note.text === text)) return
  const move = noted(job, context.now().toISOString(), text)
  await context.jobs.commit(job, move.next, move.events, context.lease()).catch(error => {
    // Another write came first: the next tick says it.
    if (!isCoded(error) || error.code !== 'JOB_STALE_REVISION') throw error
  })
}
