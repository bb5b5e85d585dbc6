// Rows of named columns, in memory: a number takes 8 bytes, a word the same as its number in the column's list of words, and becomes
// its 0s and 1s only when a batch is read.
import type { RowStore } from './row-store.ts'

/** `words`: each is a feature of its own, 1 in the rows that have it and 0 in the others. */
export type TableColumn = { name: string } & ({ kind: 'number' } | { kind: 'category'; words: readonly string[] })

export interface Table {
  readonly columns: readonly TableColumn[]
  /** In the order of a row: a number's column, or `Origin_USA` as pandas' get_dummies names a word's. */
  readonly featureNames: readonly string[]
  /** One feature of the rows given, in their order. */
  feature(index: number, rows: Int32Array): Float64Array
  read(indices: Int32Array, features: Float32Array | Float64Array, targets: Float32Array | Float64Array): void
}

/** @param store the columns' numbers in order, then the target's */
export function createTable(columns: readonly TableColumn[], store: RowStore): Table {
  const widths = Int32Array.from(columns, column => (column.kind === 'category' ? column.words.length : 0))
  const places = columns.flatMap((column, i) =>
    column.kind === 'number' ? [{ column: i, word: -1 }] : column.words.map((_, word) => ({ column: i, word })),
  )
  return {
    columns,
    featureNames: columns.flatMap(column =>
      column.kind === 'number' ? [column.name] : column.words.map(word => `${column.name}_${word}`),
    ),
    feature(index, rows) {
      const { column, word } = places[index] as { column: number; word: number }
      const values = new Float64Array(rows.length)
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] as number
        const value = store.chunkOf(row)[store.offsetOf(row) + column] as number
        values[i] = word === -1 ? value : Number(value === word)
      }
      return values
    },
    read(indices, features, targets) {
      let to = 0
      for (let i = 0; i < indices.length; i++) {
        const row = indices[i] as number
        const numbers = store.chunkOf(row)
        let from = store.offsetOf(row)
        for (let c = 0; c < widths.length; c++) {
          const width = widths[c] as number
          const value = numbers[from++] as number
          if (width === 0) features[to++] = value
          else {
            features.fill(0, to, to + width)
            features[to + value] = 1
            to += width
          }
        }
        targets[i] = numbers[from] as number
      }
    },
  }
}
