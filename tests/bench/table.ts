// Figures as a Markdown table, which is read in a terminal and in README alike.
import { type Measured, median, shown } from './rounds.ts'

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** Median, least and most of each way, and its ratio to the median of the first. */
export function comparison(measured: readonly Measured[]): string {
  const base = median(measured[0]?.figures ?? [])
  const rows = measured.map(({ name, unit, figures }) => {
    const middle = median(figures)
    return [
      name,
      `${shown(middle)} ${unit}`,
      `${shown(Math.min(...figures))} - ${shown(Math.max(...figures))}`,
      `${shown(middle / base)} x`,
    ]
  })
  return table(['', 'median', 'least - most', `of ${measured[0]?.name ?? 'the first'}`], rows)
}
