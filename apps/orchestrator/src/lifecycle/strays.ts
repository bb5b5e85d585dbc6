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

/** More in one tick can wait for the next, which goes on behind them. */
const AT_MOST = 50

/**
 * @param watched the names that the watch itself decides about
 * @param after the last name that an earlier tick looked at; null: none
 * @returns the last name that this one looked at
 */
export async function handleStrays(
  access: IdentityAccess,
  listed: ReadonlyMap<string, SlurmJob>,
  watched: ReadonlySet<string>,
  after: string | null,
  context: StageContext,
): Promise<string | null> {
  const strays = [...listed.values()].filter(
    ({ name, state }) => state.phase !== 'over' && !watched.has(name) && ownerOfName(name) !== null,
  )
  const looked = nextOf(strays, after)
  for (const row of looked) {
    const { name } = row
    const ours = ownerOfName(name)
    if (ours === null) continue
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
  return looked.at(-1)?.name ?? null
}

/** Round and round by name: squeue's own order changes, and a name that is nobody's stays where it is for days. */
function nextOf(strays: readonly SlurmJob[], after: string | null): SlurmJob[] {
  if (strays.length <= AT_MOST) return [...strays]
  const byName = strays.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const from = after === null ? 0 : byName.findIndex(({ name }) => name > after)
  return from < 0 ? byName.slice(0, AT_MOST) : [...byName.slice(from), ...byName.slice(0, from)].slice(0, AT_MOST)
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
