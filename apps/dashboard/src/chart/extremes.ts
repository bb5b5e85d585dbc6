// Where a metric began, where it is, and its best: from the epochs that count.
import { goalOf } from './families.ts'
import type { EpochHistory } from './history.ts'

export interface Reading {
  row: number
  value: number
}
export interface Extremes {
  /** The first number. */
  first: Reading
  /** The newest value, also where it is no number. */
  last: Reading
  best: Reading
  goal: 'lowest' | 'highest'
}

/** null: it has no number yet. Of equal bests the first. */
export function extremesOf(history: EpochHistory, metric: string): Extremes | null {
  const column = history.column(metric)
  if (column === undefined) return null
  const { values, logged } = column
  const goal = goalOf(metric)
  let first = -1
  let best = -1
  let last = -1
  for (const row of history.line) {
    if (logged[row] === 0) continue
    last = row
    const value = values[row] as number
    if (!Number.isFinite(value)) continue
    if (first < 0) first = row
    const record = values[best] as number
    if (best < 0 || (goal === 'lowest' ? value < record : value > record)) best = row
  }
  if (first < 0) return null
  const reading = (row: number): Reading => ({ row, value: values[row] as number })
  return { first: reading(first), last: reading(last), best: reading(best), goal }
}
