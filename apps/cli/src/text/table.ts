// A table twice: for eyes (no borders, two spaces, cut to the width) and for pipes (tabs, full values, same columns).
import type { Style } from './style.ts'

export type Column = {
  title: string
  align?: 'right'
  /** May be cut where the terminal is too narrow; the last such column is cut first. */
  flexible?: boolean
}
/** `text` for people, `full` for pipes where it differs. */
export type Cell = string | { text: string; full: string; paint?: (text: string) => string }

const MIN_FLEXIBLE = 8
const GAP = '  '

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text)
const oneLine = (text: string): string => text.replace(/[\t\r\n]+/g, ' ')

/** Header and rows, each line ended by a tab-separated rule that `cut` understands. */
export const tabbed = (columns: readonly Column[], rows: readonly Cell[][]): string =>
  tabbedRows([columns.map(column => column.title), ...rows])

export function tabbedRows(rows: readonly Cell[][]): string {
  const full = (cell: Cell) => oneLine(typeof cell === 'string' ? cell : cell.full)
  return rows.map(row => `${row.map(full).join('\t')}\n`).join('')
}

export function table(columns: readonly Column[], rows: readonly Cell[][], width: number, style: Style): string {
  const shown = rows.map(row => row.map(cell => oneLine(textOf(cell))))
  const widths = columns.map((column, at) => Math.max(column.title.length, ...shown.map(row => row[at]?.length ?? 0)))
  shrink(columns, widths, width)
  const line = (cells: readonly string[], paint: (at: number, text: string) => string) =>
    cells
      .map((cell, at) => {
        const size = widths[at] ?? 0
        const cut = cell.length > size ? `${cell.slice(0, Math.max(0, size - style.dots.length))}${style.dots}` : cell
        const gap = ' '.repeat(Math.max(0, size - cut.length))
        const last = at === cells.length - 1
        return columns[at]?.align === 'right' ? gap + paint(at, cut) : paint(at, cut) + (last ? '' : gap)
      })
      .join(GAP)
      .trimEnd()
  const head = style.dim(
    line(
      columns.map(column => column.title),
      (_, text) => text,
    ),
  )
  const body = shown.map((cells, row) =>
    line(cells, (at, text) => {
      const cell = rows[row]?.[at]
      return typeof cell === 'object' && cell.paint !== undefined ? cell.paint(text) : text
    }),
  )
  return [head, ...body].map(text => `${text}\n`).join('')
}

function shrink(columns: readonly Column[], widths: number[], width: number): void {
  let over = widths.reduce((sum, size) => sum + size + GAP.length, -GAP.length) - width
  for (let at = columns.length - 1; at >= 0 && over > 0; at -= 1) {
    if (columns[at]?.flexible !== true) continue
    const size = widths[at] ?? 0
    const kept = Math.max(Math.min(MIN_FLEXIBLE, size), size - over)
    over -= size - kept
    widths[at] = kept
  }
}
