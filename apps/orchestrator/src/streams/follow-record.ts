// A job's events and its record beside them: whoever follows has both as they stand, without asking for the job again.
import type { Job, JobEvent } from '@trotline/contracts'
import type { JobStore } from '../store/job-store.ts'
import type { Changes } from './changes.ts'
import { followJob } from './job-events.ts'
import { patiently } from './patiently.ts'

export interface RecordFollowed {
  seq: number
  /** null: nothing happened; this is the job as it is now. */
  event: JobEvent | null
  /** null: the reader has it as it is. */
  job: Job | null
}

/** @param after events after this one; null: the job as it is now, and what happens from now on */
export async function* followRecord(
  jobs: JobStore,
  changes: Changes,
  jobId: string,
  after: number | null,
  signal: AbortSignal,
): AsyncGenerator<RecordFollowed> {
  let told = -1
  /** null: the reader has it. */
  async function news(): Promise<Job | null> {
    const [revision] = await patiently(() => jobs.revisions([jobId]), signal)
    if (revision === told) return null
    const job = await patiently(() => jobs.view(jobId), signal)
    told = job.revision
    return job
  }
  // In this order: what happens in between is told after it.
  let seq = after ?? (await patiently(() => jobs.lastSeq(jobId), signal))
  if (after === null) yield { seq, event: null, job: await news() }
  for await (const followed of followJob(jobs, changes, jobId, seq, signal)) {
    if ('idle' in followed) {
      const job = await news()
      if (job !== null) yield { seq, event: null, job }
      continue
    }
    seq = followed.seq
    const { event } = followed
    // Epochs stand in no record.
    yield { seq, event, job: event.type === 'epochs' ? null : await news() }
  }
  const last = signal.aborted ? null : await news()
  if (last !== null) yield { seq, event: null, job: last }
}
