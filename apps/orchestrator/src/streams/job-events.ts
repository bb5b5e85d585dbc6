// A job's events from a sequence number on, live: what is stored first, then whatever comes, until the job has ended.
import { isTerminal, type JobEvent } from '@trotline/contracts'
import type { JobStore, NumberedEvent } from '../store/job-store.ts'
import type { Changes } from './changes.ts'
import { patiently } from './patiently.ts'

/** Without a word about a change a reader looks again after this long. */
const LOOK_AGAIN_MS = 1_000
/** The last event of a job tells its end; the record itself is read at first, and then this often for whoever waits in vain. */
const READ_RECORD_EVERY_MS = 15_000
const AT_ONCE = 500

export type Followed = NumberedEvent | { idle: true }

/** Yields `idle` about once a second while nothing happens, so that the caller can show a sign of life. */
export async function* followJob(
  jobs: JobStore,
  changes: Changes,
  jobId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Followed> {
  const words = changes.of(jobId)
  try {
    // A cursor that this job has never had, such as one from before the store was put back to an older state.
    const newest = await patiently(() => jobs.lastSeq(jobId), signal)
    let seq = Math.min(after, newest)
    let readRecordAtMs = 0
    if (after > newest) yield { seq, event: { type: 'reset', at: new Date().toISOString(), seq } }
    while (!signal.aborted) {
      const { events, reset } = await patiently(() => jobs.eventsAfter(jobId, seq, AT_ONCE), signal)
      const first = events[0]
      if (reset && first)
        yield { seq: first.seq - 1, event: { type: 'reset', at: new Date().toISOString(), seq: first.seq - 1 } }
      for (const numbered of events) {
        yield numbered
        seq = numbered.seq
        if (ends(numbered.event)) return
      }
      if (events.length === AT_ONCE) continue
      if (events.length === 0 && performance.now() >= readRecordAtMs) {
        // A reader that resumes after the last event of an ended job has nothing to wait for.
        if (isTerminal((await patiently(() => jobs.read(jobId), signal)).state)) {
          if ((await patiently(() => jobs.lastSeq(jobId), signal)) <= seq) return
          continue
        }
        readRecordAtMs = performance.now() + READ_RECORD_EVERY_MS
      }
      if (!(await words.next(LOOK_AGAIN_MS, signal))) yield { idle: true }
    }
  } finally {
    words.close()
  }
}

const ends = (event: JobEvent): boolean => event.type === 'state' && isTerminal(event.to)
