// Epochs as a file for other programs: every digit, times with their zone, and NaN as nan and not as nothing.
import type { EpochHistory } from './history.ts'

const FIXED = ['epoch', 'attempt', 'superseded', 'at', 'seconds'] as const

const cell = (value: number | undefined): string => {
  if (value === undefined) return ''
  if (Number.isNaN(value)) return 'nan'
  return Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf'
}

export interface CsvOptions {
  metrics: readonly string[]
  /** Of those drawn; undefined: all, superseded ones too. */
  rows?: readonly number[]
}

/** Epochs count from 1, as on the page and as `trotline epochs --csv` writes them. No cell needs quotes: all have closed alphabets. */
export function csvOf(history: EpochHistory, { metrics, rows }: CsvOptions): string {
  const cuts = new Map(history.attempts.map(({ attempt, cut }) => [attempt, cut]))
  const all = rows?.filter(row => row >= 0) ?? history.attempts.flatMap(attempt => attempt.rows)
  const lines = all.map(row => {
    const epoch = history.epochOf(row)
    const attempt = history.attemptOf(row)
    const superseded = epoch >= (cuts.get(attempt) ?? Number.POSITIVE_INFINITY)
    const values = metrics.map(metric => cell(history.valueOf(metric, row)))
    return [epoch + 1, attempt, superseded, history.atOf(row), history.secondsOf(row), ...values].join(',')
  })
  return `${[[...FIXED, ...metrics].join(','), ...lines].join('\n')}\n`
}
