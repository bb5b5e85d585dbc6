// The rows that a log keeps: how much they are together, which of them are let go when that is too much, and what comes back before them.
import type { Mutable } from './line-writer.ts'
import type { Row, SeamRow, TextRow } from './row.ts'
import type { Seam } from './seams.ts'

export interface RowLimits {
  rows: number
  /** Of all rows together; a change of style counts as a few. */
  characters: number
}

/** So much is let go at once, that not every line moves all others. */
const KEPT_OF_LIMIT = 0.9
/** In characters: a span is an object of its own. */
const SPAN_SIZE = 40

export const sizeOf = ({ text, spans }: TextRow): number => text.length + spans.length * SPAN_SIZE

const isLetGo = (row: Row | undefined): row is SeamRow & { seam: { kind: 'let-go' } } =>
  row?.kind === 'seam' && row.seam.kind === 'let-go'
const losesNothing = (seam: Seam): boolean => seam.kind === 'let-go' || (seam.kind === 'lost' && seam.missing === 0)

export class KeptRows {
  /** Oldest first. */
  readonly rows: Row[] = []
  #size = 0
  #lastId = 0
  #firstId = 0
  readonly #limits: RowLimits

  constructor(limits: RowLimits) {
    this.#limits = limits
  }

  /** Of a row at the end; ids are never used twice. */
  nextId(): number {
    return this.#lastId++
  }
  /** @param before the row's size, as it was */
  resized(row: TextRow, before: number): void {
    this.#size += sizeOf(row) - before
  }
  /** Above a row, or at the end. */
  putSeam(seam: Seam, above: TextRow | null, changedAt: number): void {
    const at = above === null ? this.rows.length : this.rows.lastIndexOf(above)
    this.rows.splice(at, 0, this.#seamRow(seam, changedAt))
  }
  /** Above all lines that are kept. */
  putFirst(seam: Seam, changedAt: number): void {
    this.rows.splice(isLetGo(this.rows[0]) ? 1 : 0, 0, this.#seamRow(seam, changedAt))
  }
  dropFirst(): void {
    const row = this.rows.shift()
    if (row?.kind === 'text') this.#size -= sizeOf(row)
  }

  /** The first that is a line or a seam of the log itself. */
  get first(): Row | undefined {
    return this.rows[isLetGo(this.rows[0]) ? 1 : 0]
  }
  hasRoomFor(other: KeptRows): boolean {
    const { rows, characters } = this.#limits
    return this.rows.length + other.rows.length <= rows && this.#size + other.#size <= characters
  }

  /** Lines that are there again are not gone: the mark counts less, or goes. */
  putBefore(earlier: readonly Row[], changedAt: number): void {
    const mark = this.rows[0]
    const added: Row[] = earlier.map(row => ({ ...row, id: --this.#firstId, changedAt }))
    for (const row of added) if (row.kind === 'text') this.#size += sizeOf(row)
    const gone = isLetGo(mark) ? mark.seam.rows - added.length : 0
    const above: Row[] = gone > 0 ? [this.#seamRow({ kind: 'let-go', rows: gone }, changedAt)] : []
    const after = this.rows.splice(0).slice(isLetGo(mark) ? 1 : 0)
    for (const row of [...above, ...added, ...after]) this.rows.push(row)
  }

  /** @param reached the first row that may still change; undefined: none may */
  letGo(reached: TextRow | undefined, changedAt: number): void {
    const { rows, characters } = this.#limits
    if (this.rows.length <= rows && this.#size <= characters) return
    const most = reached === undefined ? this.rows.length : this.rows.lastIndexOf(reached)
    let gone = 0
    let lines = 0
    for (; gone < most; gone++) {
      if (this.rows.length - gone <= rows * KEPT_OF_LIMIT && this.#size <= characters * KEPT_OF_LIMIT) break
      const row = this.rows[gone]
      if (row?.kind === 'text') {
        this.#size -= sizeOf(row)
        lines += 1
      } else if (isLetGo(row)) lines += row.seam.rows
    }
    if (lines > 0) this.rows.splice(0, gone, this.#seamRow({ kind: 'let-go', rows: lines }, changedAt))
  }

  /** The attempt's first byte is here: its lines have numbers now. Answers the next one; null: bytes are missing further on. */
  number(attempt: number, changedAt: number): number | null {
    let number = 1
    for (const row of this.rows) {
      if (row.kind === 'text' && row.attempt === attempt) {
        const mutable: Mutable<TextRow> = row
        mutable.number = number++
        mutable.changedAt = changedAt
      } else if (row.kind === 'text' || !losesNothing(row.seam)) return null
    }
    return number
  }

  #seamRow(seam: Seam, changedAt: number): SeamRow {
    return { kind: 'seam', id: this.nextId(), seam, changedAt }
  }
}
