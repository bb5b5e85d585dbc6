// The attempts of a job behind its curve: from where to where each one counts, and what to call it.
import type { Run, Submission } from '@trotline/contracts'
import { duration } from '../text/durations.ts'
import { type AxisOptions, xOf } from './axes.ts'
import type { EpochHistory } from './history.ts'

export interface Band {
  attempt: number
  from: number
  to: number
}

/** In order, without those of which nothing counts. On time of day there are gaps between them; else each begins where the one before ends. */
export function bandsOf(history: EpochHistory, options: AxisOptions): Band[] {
  const x = xOf(history, options)
  const bands: Band[] = []
  for (const row of history.line) {
    const attempt = history.attemptOf(row)
    const here = x(row)
    const band = bands.at(-1)
    if (band?.attempt === attempt) band.to = here
    else bands.push({ attempt, from: options.axis === 'clock' || band === undefined ? here : band.to, to: here })
  }
  return bands
}

type Ran = Pick<Run, 'run' | 'attempt' | 'node' | 'startedAt' | 'endedAt'>
type Submitted = Pick<Submission, 'submission' | 'cause'>

/** "attempt 2 · preempted · node g07 · 14 min gap". */
export function attemptText(attempt: number, runs: readonly Ran[], submissions: readonly Submitted[]): string {
  const run = runs.find(one => one.attempt === attempt)
  const before = runs.find(one => one.attempt === attempt - 1)
  const parts = [`attempt ${attempt}`]
  const cause = run === undefined ? null : causeOf(run, submissions)
  if (cause !== null) parts.push(cause)
  if (run?.node != null) parts.push(`node ${run.node}`)
  const gap = gapSeconds(before?.endedAt ?? null, run?.startedAt ?? null)
  if (gap !== null) parts.push(`${duration(gap)} gap`)
  return parts.join(' · ')
}

/** Why there is another attempt: Slurm requeued it, or we submitted it again. null: it is the first. */
export function causeOf(
  { run, attempt }: Pick<Ran, 'run' | 'attempt'>,
  submissions: readonly Submitted[],
): string | null {
  if (attempt === 1) return null
  const [submission = '', restart = '0'] = run.split('-')
  if (restart !== '0') return 'requeue'
  const cause = submissions.find(one => one.submission === Number(submission))?.cause
  return cause === undefined || cause === 'request' ? null : cause.replace('-', ' ')
}

function gapSeconds(ended: string | null, started: string | null): number | null {
  if (ended === null || started === null) return null
  const gap = (Date.parse(started) - Date.parse(ended)) / 1000
  return gap >= 1 ? gap : null
}
