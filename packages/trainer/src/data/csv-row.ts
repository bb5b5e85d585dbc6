// The text of a CSV file, one row at a time. RFC 4180: a cell in quotes may hold separators, line breaks and doubled quotes.
// Outside of quotes, spaces around a cell are not part of it, as people write them; a space as the separator is any run of spaces
// and tabs.

const QUOTE = 34
const TAB = 9
const LF = 10
const CR = 13

export interface CsvRow {
  cells: string[]
  /** Where the next row begins in the text. */
  end: number
  /** Line breaks passed. */
  lines: number
}

/** `quote`: what follows a closing quote, where only a separator or the end of the line may. */
export type CsvFault = { fault: 'open' } | { fault: 'quote'; cell: number; found: string }

/** A line without quotes, which nearly all are; null: it is another. Several times as fast as one character after the other. */
export function readPlainRow(text: string, from: number, separator: string): CsvRow | null {
  const feed = text.indexOf('\n', from)
  if (feed === -1) return null
  const line = text.slice(from, feed > from && text.charCodeAt(feed - 1) === CR ? feed - 1 : feed)
  if (line.includes('"') || line.includes('\r')) return null
  const cells = separator === ' ' ? line.trim().split(/[ \t]+/) : line.split(separator)
  for (let i = 0; i < cells.length; i++) cells[i] = (cells[i] as string).trim()
  return { cells, end: feed + 1, lines: 1 }
}

/**
 * Reads the row that begins at `from`. null: the text ends before the row is known to be whole, and `ended` is false.
 * @param ended nothing comes after this text
 */
export function readCsvRow(text: string, from: number, separator: string, ended: boolean): CsvRow | CsvFault | null {
  const cells: string[] = []
  const split = separator.charCodeAt(0)
  const many = separator === ' '
  const separates = (code: number): boolean => code === split || (many && code === TAB)
  const length = text.length
  let lines = 0
  let at = from
  for (;;) {
    if (many) while (separates(text.charCodeAt(at))) at++
    if (text.charCodeAt(at) === QUOTE) {
      const begin = ++at
      let doubled = false
      for (;;) {
        at = text.indexOf('"', at)
        if (at === -1) return ended ? { fault: 'open' } : null
        if (at + 1 === length && !ended) return null
        if (text.charCodeAt(at + 1) !== QUOTE) break
        doubled = true
        at += 2
      }
      const cell = text.slice(begin, at++)
      lines += lineBreaksIn(cell)
      cells.push(doubled ? cell.replaceAll('""', '"') : cell)
      while (text.charCodeAt(at) === 32 && !many) at++
      const next = text.charCodeAt(at)
      if (at < length && !separates(next) && next !== LF && next !== CR)
        return { fault: 'quote', cell: cells.length, found: text.slice(at, at + 20) }
    } else {
      const begin = at
      let code = text.charCodeAt(at)
      while (at < length && code !== LF && code !== CR && !separates(code)) code = text.charCodeAt(++at)
      cells.push(text.slice(begin, at).trim())
    }
    if (at >= length) {
      if (!ended) return null
      return { cells: withoutLastOf(cells, many), end: length, lines }
    }
    const code = text.charCodeAt(at++)
    if (separates(code)) continue
    if (code === CR) {
      if (at === length && !ended) return null
      if (text.charCodeAt(at) === LF) at++
    }
    return { cells: withoutLastOf(cells, many), end: at, lines: lines + 1 }
  }
}

/** Spaces at the end of a line separate nothing. */
function withoutLastOf(cells: string[], many: boolean): string[] {
  if (many && cells.length > 1 && cells.at(-1) === '') cells.pop()
  return cells
}

function lineBreaksIn(cell: string): number {
  if (!cell.includes('\n') && !cell.includes('\r')) return 0
  return cell.split(/\r\n|\n|\r/).length - 1
}
