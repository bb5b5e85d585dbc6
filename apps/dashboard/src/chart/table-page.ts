// The chart as a table, a page at a time: all rows at once would cost more than the chart.
import { figure } from '../text/figures.ts'
import type { EpochHistory } from './history.ts'

export const ROWS_A_PAGE = 25

export interface TablePage {
  /** From 0; kept within what there is. */
  page: number
  pages: number
  rows: { epoch: number; attempt: number; at: string; seconds: string; values: string[] }[]
}

/** Of the epochs that count. What was not logged is empty. */
export function tablePage(history: EpochHistory, metrics: readonly string[], wanted: number): TablePage {
  const pages = Math.max(1, Math.ceil(history.line.length / ROWS_A_PAGE))
  const page = Math.min(pages - 1, Math.max(0, Math.floor(wanted)))
  const rows = Array.from(history.line.subarray(page * ROWS_A_PAGE, (page + 1) * ROWS_A_PAGE), row => ({
    epoch: history.epochOf(row) + 1,
    attempt: history.attemptOf(row),
    at: history.atOf(row),
    seconds: figure(history.secondsOf(row)),
    values: metrics.map(metric => {
      const value = history.valueOf(metric, row)
      return value === undefined ? '' : figure(value)
    }),
  }))
  return { page, pages, rows }
}
