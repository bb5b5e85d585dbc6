// Lines of lists for all who follow them in this process: a job that changed is read once, however many are told of it.
import type { JobSummary } from '@trotline/contracts'
import type { ChangedJobs, JobList } from '../store/job-list.ts'

export interface JobLines {
  /** As they stand at these numbers or later; without those that cannot be read. The same line is the same object. */
  read(jobs: ChangedJobs['jobs']): Promise<JobSummary[]>
}

/** About a megabyte. */
const KEPT = 2_000

export function createJobLines(jobs: Pick<JobList, 'lines'>, kept = KEPT): JobLines {
  const known = new Map<string, { number: number; line: Promise<JobSummary | null> }>()
  return {
    async read(wanted) {
      const missing = wanted.filter(({ id, number }) => (known.get(id)?.number ?? -1) < number)
      const reading = jobs.lines(missing.map(({ id }) => id))
      for (const [i, { id, number }] of missing.entries()) {
        const line = reading.then(lines => lines[i] ?? null)
        known.delete(id)
        known.set(id, { number, line })
        line.catch(() => {
          if (known.get(id)?.line === line) known.delete(id)
        })
      }
      const lines = await Promise.all(wanted.map(({ id }) => known.get(id)?.line ?? null))
      // A Map lists its keys in the order in which they came.
      for (const oldest of known.keys()) {
        if (known.size <= kept) break
        known.delete(oldest)
      }
      return lines.filter(line => line !== null)
    },
  }
}
