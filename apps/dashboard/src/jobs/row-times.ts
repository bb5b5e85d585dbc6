// How long a job of the list has waited and run, from what its line says. Pure.
import type { JobSummary } from '@trotline/contracts'

export interface RowTimes {
  /** From its submission to its newest run; with an earlier run in it where Slurm has requeued it. */
  waitedSeconds: number
  /** Of its newest run; null: it has never run, or waits for its next run. */
  ranSeconds: number | null
}

type Told = Pick<JobSummary, 'state' | 'createdAt' | 'startedAt' | 'endedAt'>

const BEFORE_RUN: readonly JobSummary['state'][] = ['accepted', 'prepared', 'pending']

/** @param secondsSince to now, by the server's clock */
export function rowTimes(
  { state, createdAt, startedAt, endedAt }: Told,
  secondsSince: (at: string) => number,
): RowTimes {
  const between = (from: string, to: string | null): number =>
    to === null ? secondsSince(from) : Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)
  if (startedAt === null || BEFORE_RUN.includes(state))
    return { waitedSeconds: between(createdAt, endedAt), ranSeconds: null }
  return { waitedSeconds: between(createdAt, startedAt), ranSeconds: between(startedAt, endedAt) }
}
