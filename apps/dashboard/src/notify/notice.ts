// What a person is told of a job that has ended, where they asked for it: the words, and which jobs are waited for. Pure.
import type { JobSummary } from '@trotline/contracts'
import { lossOfLine } from '../jobs/loss-trend.ts'
import { rowTimes } from '../jobs/row-times.ts'
import { duration } from '../text/durations.ts'
import { count, figure } from '../text/figures.ts'
import { shownState } from '../text/state-look.ts'

/** More than a person waits for at once; the oldest are forgotten. */
export const MOST_AWAITED = 20

export interface Notice {
  /** `✓ auto-mpg` */
  title: string
  body: string
}

type Told = Pick<
  JobSummary,
  | 'name'
  | 'state'
  | 'hold'
  | 'failure'
  | 'why'
  | 'epochs'
  | 'loss'
  | 'lossNonFinite'
  | 'createdAt'
  | 'startedAt'
  | 'endedAt'
>

/** null: it has not ended. */
export function noticeOf(row: Told): Notice | null {
  if (row.state !== 'completed' && row.state !== 'failed' && row.state !== 'cancelled') return null
  const { icon, text } = shownState(row)
  const { ranSeconds } = rowTimes(row, () => 0)
  const loss = lossOfLine(row)
  const facts = [
    ranSeconds !== null && `ran ${duration(ranSeconds)}`,
    row.epochs > 0 && count(row.epochs, 'epoch'),
    loss !== null && `loss ${figure(loss)}`,
  ].filter(Boolean)
  const first = facts.length === 0 ? `${text}.` : `${text}; ${facts.join(', ')}.`
  const why = row.state === 'failed' && row.why !== null ? `\n${row.why}` : ''
  return { title: `${icon} ${row.name}`, body: `${first.charAt(0).toUpperCase()}${first.slice(1)}${why}` }
}

/** What the browser kept; what is no id is dropped. */
export function readAwaited(text: string | null): string[] {
  return [...new Set((text ?? '').split(','))]
    .filter(id => /^[a-z][0-9a-hjkmnp-tv-z]{11}$/.test(id))
    .slice(-MOST_AWAITED)
}

export const withAwaited = (ids: readonly string[], id: string, on: boolean): string[] =>
  [...ids.filter(one => one !== id), ...(on ? [id] : [])].slice(-MOST_AWAITED)
