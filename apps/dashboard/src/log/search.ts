// Search in what is loaded: all matches are counted, the first of them are kept to walk through. Seams are no part of a log.
import { count, size } from '../text/figures.ts'
import type { Find } from './query.ts'
import type { Row } from './row.ts'

export interface Match {
  /** Of the row, and where the row stood when it was searched. */
  id: number
  row: number
  start: number
  end: number
}
export interface SearchResult {
  matches: Match[]
  /** All of them, kept or not. */
  count: number
  lines: number
  /** Time ran out at this row; null: everything was searched. */
  stoppedAt: number | null
}

export interface SearchLimits {
  mostKept?: number
  budgetMs?: number
  now?: () => number
}

/** Looked at every so many rows. */
const CLOCK_EVERY = 256

export function searchRows(
  rows: readonly Row[],
  find: Find,
  { mostKept = 10_000, budgetMs = 500, now = () => performance.now() }: SearchLimits = {},
): SearchResult {
  const until = now() + budgetMs
  const matches: Match[] = []
  let all = 0
  let lines = 0
  for (const [at, row] of rows.entries()) {
    if (at % CLOCK_EVERY === 0 && at > 0 && now() > until) return { matches, count: all, lines, stoppedAt: at }
    if (row.kind !== 'text') continue
    const before = all
    find(row.text, (start, end) => {
      all += 1
      if (matches.length < mostKept) matches.push({ id: row.id, row: at, start, end })
    })
    if (all > before) lines += 1
  }
  return { matches, count: all, lines, stoppedAt: null }
}

/** The next match after (`n`) or before (`N`) a place, round the end; -1: there is none. */
export function nextMatch(
  matches: readonly Match[],
  from: { row: number; start: number },
  direction: 'next' | 'previous',
): number {
  if (matches.length === 0) return -1
  const beyond = (match: Match): boolean => match.row > from.row || (match.row === from.row && match.start > from.start)
  const before = (match: Match): boolean => match.row < from.row || (match.row === from.row && match.start < from.start)
  if (direction === 'next') return Math.max(0, matches.findIndex(beyond))
  const found = matches.findLastIndex(before)
  return found < 0 ? matches.length - 1 : found
}

/** Where the scroll bar has ticks, as shares of its length, each at most once. */
export function ticks(matches: readonly Match[], rows: number, most: number): number[] {
  const places = new Set(matches.map(({ row }) => Math.floor((row / Math.max(1, rows)) * most)))
  return [...places].map(place => (place + 0.5) / most)
}

export function searchText({ count: all, lines, stoppedAt }: SearchResult, rows: number): string {
  const found = all === 0 ? 'nothing found' : `${count(all, 'match', 'matches')} in ${count(lines, 'line')}`
  return stoppedAt === null
    ? `${found} of what is loaded`
    : `${found} of the first ${count(stoppedAt)} of ${count(rows)} rows; the pattern is slow`
}

/** "first 500 of 1,922 matches; 10 GB searched in 4.1 s": what the cluster answered. */
export function wholeFileText(answer: { shown: number; matches: number; bytes: number; seconds: number }): string {
  const { shown, matches, bytes, seconds } = answer
  const found =
    shown < matches
      ? `first ${count(shown)} of ${count(matches, 'match', 'matches')}`
      : matches === 0
        ? 'nothing found'
        : count(matches, 'match', 'matches')
  return `${found}; ${size(bytes)} searched in ${seconds.toFixed(1)} s`
}
