// The jobs of an owner, or all jobs, as they change: from a number on what changed since, then live.
import { setTimeout as sleep } from 'node:timers/promises'
import type { JobSummary } from '@trotline/contracts'
import type { JobList } from '../store/job-list.ts'
import type { Changes } from './changes.ts'
import type { JobLines } from './job-lines.ts'
import { patiently } from './patiently.ts'

export type JobsFollowed =
  | { kind: 'changed'; cursor: number; items: JobSummary[] }
  /** What came before is not kept, or the reader is new: whoever reads the list now misses nothing. */
  | { kind: 'reset'; cursor: number }

export interface JobsSources {
  jobs: Pick<JobList, 'changed'>
  lines: JobLines
  changes: Changes
}

const AT_ONCE = 100
/** A reader is told at most so often: an epoch every 10 ms is not told every 10 ms. */
const EVERY_MS = 500
/** A word about a change may be lost. */
const LOOK_AGAIN_MS = 2_000
/** Lines that a reader has, so that what does not show in a line is not told. */
const TOLD_KEPT = 2_000

/** @param owner null: of all   @param after null: a new reader */
export async function* followJobs(
  { jobs, lines, changes }: JobsSources,
  owner: string | null,
  after: number | null,
  signal: AbortSignal,
): AsyncGenerator<JobsFollowed> {
  const words = changes.any()
  const told = new Map<string, string>()
  try {
    let cursor = after
    while (!signal.aborted) {
      const from = cursor
      const changed = await patiently(() => jobs.changed(owner, from, AT_ONCE), signal)
      if (changed.reset || from === null) {
        cursor = changed.cursor
        told.clear()
        yield { kind: 'reset', cursor }
        continue
      }
      if (changed.jobs.length > 0) {
        const read = await patiently(() => lines.read(changed.jobs), signal)
        const items = read.filter(line => isNews(told, line))
        cursor = changed.cursor
        if (items.length > 0) yield { kind: 'changed', cursor, items }
        if (changed.jobs.length === AT_ONCE) continue
        await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined)
      }
      await words.next(LOOK_AGAIN_MS, signal)
    }
  } finally {
    words.close()
  }
}

function isNews(told: Map<string, string>, line: JobSummary): boolean {
  const text = JSON.stringify(line)
  const known = told.get(line.id)
  told.delete(line.id)
  told.set(line.id, text)
  for (const oldest of told.keys()) {
    if (told.size <= TOLD_KEPT) break
    told.delete(oldest)
  }
  return known !== text
}
