// The newest jobs that fit, kept up to date by what the server tells, without asking anew where the answer is known. Pure.
import type { JobSummary } from '@trotline/contracts'
import { fits, type Selection } from './selection.ts'

export type Shown = {
  items: readonly JobSummary[]
  /** Further jobs fit, and are not shown. */
  more: boolean
}

/**
 * @returns `asks`: only the server can tell what is shown now, and `items` are what is known
 */
export function withChanges(
  { items, more }: Shown,
  changes: readonly JobSummary[],
  selection: Selection,
  limit: number,
): Shown & { asks: boolean } {
  const shown = new Map(items.map(job => [job.id, job]))
  let asks = false
  for (const job of changes) {
    const known = shown.has(job.id)
    const fit = fits(job, selection)
    // What was shown has the labels that were asked for: they never change.
    if (fit === true || (fit === null && known)) shown.set(job.id, job)
    else if (fit === null) asks = true
    else if (shown.delete(job.id) && more) asks = true
  }
  const sorted = [...shown.values()].sort(newestFirst)
  return { items: sorted.slice(0, limit), more: more || sorted.length > limit, asks }
}

const newestFirst = (a: JobSummary, b: JobSummary): number =>
  Date.parse(b.createdAt) - Date.parse(a.createdAt) || (b.id < a.id ? -1 : b.id > a.id ? 1 : 0)
