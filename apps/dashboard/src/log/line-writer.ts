// A line while the cursor can still reach it. Nearly all lines are only ever written at their end and stay a string; the first
// overwriting turns a line into cells, where every further one costs the same however long the line is.
import type { Span, TextRow } from './row.ts'
import { PLAIN, type StyleCode } from './style-code.ts'

export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface Cells {
  codes: Uint32Array
  styles: Float64Array
  /** How many are in use. */
  length: number
}

const NO_SPANS: readonly Span[] = []
const BLANK = 0x20

/** What is known of a line before anything is on it. */
export type LineBegin = Pick<TextRow, 'id' | 'attempt' | 'offset' | 'number' | 'partial' | 'changedAt'>

/** A column is a code point; wide characters count one, which tells only where a shorter text overwrites them. */
export class LineWriter {
  readonly row: Mutable<TextRow>
  /** Since it was last looked at. */
  touched = true
  readonly #limit: number
  /** On the screen, kept or not. */
  #columns = 0
  #cells: Cells | null = null
  #settled = true

  constructor(begin: LineBegin, limit: number) {
    const { id, attempt, offset, number, partial, changedAt } = begin
    const [text, spans, hidden, ended] = ['', NO_SPANS, 0, false]
    this.row = { kind: 'text', id, attempt, offset, number, partial, text, spans, hidden, ended, changedAt }
    this.#limit = limit
  }

  /** @param width code points of the text */
  write(column: number, text: string, width: number, style: StyleCode): void {
    this.touched = true
    if (this.#cells === null && column === this.#columns) this.#append(text, width, style)
    else this.#overwrite(column, text, width, style)
  }

  #append(text: string, width: number, style: StyleCode): void {
    const { row } = this
    const room = this.#limit - this.#columns
    if (room > 0) {
      const last = row.spans.at(-1)?.style ?? PLAIN
      if (last !== style) {
        if (row.spans === NO_SPANS) row.spans = []
        ;(row.spans as Span[]).push({ start: row.text.length, style })
      }
      row.text += width <= room ? text : [...text].slice(0, room).join('')
    }
    this.#widen(this.#columns + width)
  }

  #overwrite(column: number, text: string, width: number, style: StyleCode): void {
    const cells = this.#toCells()
    const end = Math.min(column + width, this.#limit)
    reserve(cells, end)
    if (column > cells.length) {
      const from = cells.length
      cells.codes.fill(BLANK, from, Math.min(column, this.#limit))
      cells.styles.fill(PLAIN, from, Math.min(column, this.#limit))
    }
    let at = column
    if (text.length === width) {
      for (let i = 0; at < end; at++, i++) {
        cells.codes[at] = text.charCodeAt(i)
        cells.styles[at] = style
      }
    } else {
      for (const character of text) {
        if (at >= end) break
        cells.codes[at] = character.codePointAt(0) ?? BLANK
        cells.styles[at] = style
        at += 1
      }
    }
    cells.length = Math.max(cells.length, Math.min(column + width, this.#limit))
    this.#widen(Math.max(this.#columns, column + width))
  }

  #widen(columns: number): void {
    this.#columns = columns
    this.row.hidden = Math.max(0, columns - this.#limit)
  }

  eraseToEnd(column: number): void {
    if (column >= this.#columns) return
    const cells = this.#toCells()
    cells.length = Math.min(cells.length, column)
    this.#widen(column)
  }

  /** Its first `columns` become blanks. */
  eraseStart(columns: number): void {
    if (columns >= this.#columns) {
      this.eraseToEnd(0)
      return
    }
    const cells = this.#toCells()
    cells.codes.fill(BLANK, 0, Math.min(columns, cells.length))
    cells.styles.fill(PLAIN, 0, Math.min(columns, cells.length))
  }

  /** What stands before its first byte, found out later. Answers by how many columns all moves; null: it was written over already. */
  putBefore(before: TextRow): number | null {
    const width = codePoints(before.text) + before.hidden
    if (this.#cells !== null || width + this.#columns > this.#limit) return null
    joinRows(before, this.row, this.#limit)
    this.#widen(this.#columns + width)
    return width
  }

  #toCells(): Cells {
    this.touched = true
    this.#settled = false
    if (this.#cells !== null) return this.#cells
    const { text, spans } = this.row
    const cells: Cells = { codes: new Uint32Array(64), styles: new Float64Array(64), length: 0 }
    reserve(cells, Math.min(this.#columns, this.#limit))
    let index = 0
    let span = -1
    for (const character of text) {
      while ((spans[span + 1]?.start ?? Number.POSITIVE_INFINITY) <= index) span += 1
      cells.codes[cells.length] = character.codePointAt(0) ?? BLANK
      cells.styles[cells.length] = spans[span]?.style ?? PLAIN
      cells.length += 1
      index += character.length
    }
    this.#cells = cells
    return cells
  }

  /** Brings the row's text up to what the cells hold. */
  settle(): void {
    const cells = this.#cells
    if (this.#settled || cells === null) return
    this.#settled = true
    const spans: Span[] = []
    let text = ''
    let from = 0
    while (from < cells.length) {
      const style = cells.styles[from] ?? PLAIN
      let end = from + 1
      while (end < cells.length && cells.styles[end] === style) end += 1
      if ((spans.at(-1)?.style ?? PLAIN) !== style) spans.push({ start: text.length, style })
      text += textOf(cells.codes, from, end)
      from = end
    }
    this.row.text = text
    this.row.spans = spans.length === 0 ? NO_SPANS : spans
  }
}

/** Two parts of one line, into the later one. What would be too long is counted and not kept. */
export function joinRows(before: TextRow, row: Mutable<TextRow>, limit: number): void {
  row.offset = before.offset
  row.partial = before.partial
  row.hidden += before.hidden
  if (before.text.length + row.text.length > limit) {
    row.hidden += codePoints(before.text)
    return
  }
  const from = before.text.length
  const moved = row.spans.map(({ start, style }) => ({ start: start + from, style }))
  const border = before.spans.length > 0 && moved[0]?.start !== from ? [{ start: from, style: PLAIN }] : []
  const spans = [...before.spans, ...border, ...moved]
  row.spans = spans.length === 0 ? NO_SPANS : spans
  row.text = before.text + row.text
}

export function codePoints(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= 0xdc00 && unit <= 0xdfff) count -= 1
  }
  return count
}

/** fromCodePoint takes its characters as arguments, of which there may not be too many. */
const AT_ONCE = 8192

function textOf(codes: Uint32Array, from: number, end: number): string {
  let text = ''
  for (let at = from; at < end; at += AT_ONCE)
    text += String.fromCodePoint(...codes.subarray(at, Math.min(end, at + AT_ONCE)))
  return text
}

function reserve(cells: Cells, length: number): void {
  if (length <= cells.codes.length) return
  const room = Math.max(length, cells.codes.length * 2)
  const [codes, styles] = [new Uint32Array(room), new Float64Array(room)]
  codes.set(cells.codes)
  styles.set(cells.styles)
  cells.codes = codes
  cells.styles = styles
}
