// What of a log is on the page, and what lies before it: where a link lands, what a seam's button loads, what to read for whoever scrolls
// up. Pure.
import type { Row } from './row.ts'
import type { LogScreen, Place } from './screen.ts'

/** The row that has the byte; null: that part of the file is not here. */
export function rowWith(screen: Pick<LogScreen, 'rows' | 'place' | 'indexOf'>, wanted: Place): number | null {
  const at = screen.indexOf(wanted)
  if (at < 0) return null
  for (let next = at + 1; next < screen.rows.length; next++) {
    const row = screen.rows[next]
    if (row?.kind === 'text') return at
    if (row?.seam.kind === 'skipped') return wanted.offset < row.seam.from ? at : null
    if (row?.seam.kind === 'lost' && row.seam.missing > 0) return at
    if (row?.seam.kind === 'attempt' || row?.seam.kind === 'cut') return at
  }
  return wanted.attempt === screen.place.attempt && wanted.offset > screen.place.offset ? null : at
}

/** Where to open the log so that what is missing at a seam is read. null: nothing is missing there. */
export function missingAt(rows: readonly Row[], at: number): Place | null {
  const row = rows[at]
  if (row?.kind !== 'seam') return null
  if (row.seam.kind === 'let-go') {
    const kept = rows.slice(at + 1).find(next => next.kind === 'text')
    return kept?.kind === 'text' ? { attempt: kept.attempt, offset: kept.offset } : null
  }
  if (row.seam.kind !== 'skipped') return null
  for (let before = at - 1; before >= 0; before--) {
    const above = rows[before]
    if (above?.kind === 'text') return { attempt: above.attempt, offset: row.seam.from }
    if (above?.kind === 'seam' && above.seam.kind === 'attempt')
      return { attempt: above.seam.attempt, offset: row.seam.from }
  }
  return null
}

export type Before =
  /** Bytes of the attempt up to this one. */
  | { kind: 'bytes'; attempt: number; end: number }
  /** The end of an attempt, above which there is a seam already or not. */
  | { kind: 'attempt'; attempt: number; seam: boolean }
  /** The log begins here. */
  | { kind: 'nothing' }

/** What lies before the first line that is kept. */
export function beforeOf({ rows, place }: Pick<LogScreen, 'rows' | 'place'>): Before {
  const first = rows.find(row => row.kind === 'text' || row.seam.kind !== 'let-go')
  if (first?.kind === 'text' && first.offset > 0) return { kind: 'bytes', attempt: first.attempt, end: first.offset }
  if (first === undefined && place.offset > 0) return { kind: 'nothing' }
  if (first?.kind === 'seam' && first.seam.kind !== 'attempt') return { kind: 'nothing' }
  const seam = first?.kind === 'seam' && first.seam.kind === 'attempt' ? first.seam : null
  const attempt = seam?.attempt ?? (first?.kind === 'text' ? first.attempt : place.attempt)
  return attempt > 1 ? { kind: 'attempt', attempt: attempt - 1, seam: seam !== null } : { kind: 'nothing' }
}
