// May this run train? Asked before the fence is taken, once more with it in hand, because the marks may have been written
// in between, and at every heartbeat of the training. Only names and results of other runs are looked at; nothing is written.
import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FILES, RUN_FILES, RunId, RunResult, rankOf } from '@trotline/contracts'
import type { Leave } from './leave.ts'

const Outcome = RunResult.shape.outcome

/** Only "there is none" is an answer; a file server that does not answer is an exception. */
const none = (error: NodeJS.ErrnoException): null => {
  if (error.code === 'ENOENT') return null
  throw error
}

const exists = async (path: string): Promise<boolean> => (await access(path).then(() => true, none)) ?? false

/** Runs of the job that have a folder, oldest first. @throws where the folder cannot be read */
export async function runsOf(directory: string): Promise<RunId[]> {
  const names = (await readdir(join(directory, FILES.runs)).catch(none)) ?? []
  return names.filter(name => RunId.safeParse(name).success).sort((a, b) => rankOf(a) - rankOf(b))
}

async function ending(path: string): Promise<'none' | 'unreadable' | RunResult['outcome']> {
  const text = await readFile(path, 'utf8').catch(none)
  if (text === null) return 'none'
  try {
    return Outcome.parse((JSON.parse(text) as { outcome?: unknown }).outcome)
  } catch {
    return 'unreadable'
  }
}

/**
 * The reason to leave, or null: the job is cancelled, its record has ended, a newer run is on its way, or some run brought the
 * job to its end.
 * That last one is mostly an older run: `scontrol requeue` of a finished Slurm job is accepted and starts it again.
 * A `stopped` run ends nothing: the requeue after a preemption trains again.
 *
 * @param newer what makes a newer run: its folder, for a run that has not begun; its fence, for one that trains, because
 *   a run that only has a folder may never begin, and then nobody would train
 * @throws where the file system does not answer
 */
export async function whyNotTrain(directory: string, run: RunId, newer: 'folder' | 'fence'): Promise<Leave | null> {
  if (await exists(join(directory, FILES.cancelled))) return { leave: 'cancelled', why: 'the job is cancelled' }
  if (await exists(join(directory, FILES.ended))) return { leave: 'fenced', why: 'the job’s record has ended' }
  for (const other of await runsOf(directory)) {
    if (other === run && newer === 'fence') continue
    const folder = join(directory, FILES.runs, other)
    if (rankOf(other) > rankOf(run) && (newer === 'folder' || (await exists(join(folder, RUN_FILES.fence)))))
      return { leave: 'fenced', why: `run ${other} is newer than this run ${run}` }
    const outcome = await ending(join(folder, RUN_FILES.result))
    // A result is renamed into place whole, so one that is no result was still an ending: training again would be the worse mistake.
    if (outcome === 'completed' || outcome === 'failed' || outcome === 'unreadable')
      return { leave: 'fenced', why: `run ${other} has ended the job already (its result is ${outcome})` }
  }
  return null
}

/** Of a run that trains nothing yet. One that cannot be told whether it may train does not: the next one asks again. */
export const standing = (directory: string, run: RunId): Promise<Leave | null> =>
  whyNotTrain(directory, run, 'folder').catch((error: Error) => ({
    leave: 'unusable',
    why: `whether this run may train cannot be asked: ${error.message}`,
  }))
