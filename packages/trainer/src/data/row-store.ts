// A list of rows that grows: numbers in chunks of about 1 MiB, so that a long file is never copied to make room for the next row.

const CHUNK_NUMBERS = 131_072

export class RowStore {
  /** Numbers in a row. */
  readonly width: number
  rows = 0
  readonly #shift: number
  readonly #mask: number
  readonly #numbers: Float64Array[] = []
  readonly #lines: Uint32Array[] = []

  constructor(width: number) {
    this.width = width
    this.#shift = Math.max(0, Math.floor(Math.log2(CHUNK_NUMBERS / width)))
    this.#mask = 2 ** this.#shift - 1
  }

  /** @param line where the row begins in its file, from 1 */
  push(row: ArrayLike<number>, line: number): void {
    const at = this.rows & this.#mask
    if (at === 0) {
      this.#numbers.push(new Float64Array(this.width << this.#shift))
      this.#lines.push(new Uint32Array(1 << this.#shift))
    }
    const numbers = this.#numbers.at(-1) as Float64Array
    // One by one: TypedArray.set costs more than ten numbers do.
    for (let i = 0; i < this.width; i++) numbers[at * this.width + i] = row[i] as number
    ;(this.#lines.at(-1) as Uint32Array)[at] = line
    this.rows++
  }

  /** A row's numbers are `width` of chunkOf(row) from offsetOf(row) on. */
  chunkOf(row: number): Float64Array {
    return this.#numbers[row >>> this.#shift] as Float64Array
  }

  offsetOf(row: number): number {
    return (row & this.#mask) * this.width
  }

  lineOf(row: number): number {
    return (this.#lines[row >>> this.#shift] as Uint32Array)[row & this.#mask] as number
  }

  /** Puts `renumbered[value]` in the place of every value of a column. */
  renumber(column: number, renumbered: Int32Array): void {
    for (let row = 0; row < this.rows; row++) {
      const chunk = this.chunkOf(row)
      const at = this.offsetOf(row) + column
      chunk[at] = renumbered[chunk[at] as number] as number
    }
  }
}
