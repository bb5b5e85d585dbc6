// Values that are no numbers: where they stand, which side the line left by, and the first of them in words. They never scale an axis.
import type { NonFinite } from '@trotline/contracts'
import { figure } from '../text/figures.ts'
import type { EpochHistory } from './history.ts'
import type { Plot } from './plot.ts'

export interface RailMark {
  /** Place in the plot's xs. */
  at: number
  metric: string
  kind: NonFinite
}

const kindOf = (value: number): NonFinite | null =>
  Number.isFinite(value) ? null : Number.isNaN(value) ? 'nan' : value > 0 ? '+inf' : '-inf'

/** NaN and +Inf go to the rail at the top, −Inf to the one at the bottom. */
export function railMarks(history: EpochHistory, plot: Plot, metrics: readonly string[]): RailMark[] {
  const marks: RailMark[] = []
  for (const metric of metrics)
    for (const [at, row] of plot.rows.entries()) {
      const value = row < 0 ? undefined : history.valueOf(metric, row)
      const kind = value === undefined ? null : kindOf(value)
      if (kind !== null) marks.push({ at, metric, kind })
    }
  return marks
}

/** The first one that counts; only where there is none, the first that a later attempt repeated. null: all are numbers. */
export function firstNonFinite(
  history: EpochHistory,
  metric: string,
): { row: number; kind: NonFinite; counts: boolean } | null {
  const column = history.column(metric)
  if (column === undefined) return null
  const find = (rows: Iterable<number>, counts: boolean) => {
    for (const row of rows) {
      const kind = column.logged[row] === 1 ? kindOf(column.values[row] as number) : null
      if (kind !== null) return { row, kind, counts }
    }
    return null
  }
  const found = find(history.line, true)
  if (found !== null) return found
  for (const { rows } of history.attempts) {
    const repeated = find(rows, false)
    if (repeated !== null) return repeated
  }
  return null
}

/** "loss became NaN at epoch 37, attempt 2", one sentence a metric. */
export function nonFiniteTexts(history: EpochHistory, metrics: readonly string[]): string[] {
  return metrics.flatMap(metric => {
    const first = firstNonFinite(history, metric)
    if (first === null) return []
    const word = figure(history.valueOf(metric, first.row) ?? Number.NaN)
    const attempt = history.attempts.length > 1 ? `, attempt ${history.attemptOf(first.row)}` : ''
    const repeated = first.counts ? '' : ' (repeated since)'
    return [`${metric} became ${word} at epoch ${history.epochOf(first.row) + 1}${attempt}${repeated}`]
  })
}
