// Some rows of a data set, in an order of their own. Nothing is copied: a read asks the whole for other row numbers.
import type { Dataset } from './dataset.ts'

/** @param rows row numbers of `dataset`, in the order that the subset counts them in */
export function subset(dataset: Dataset, rows: Int32Array): Dataset {
  // One view for each length of a batch that occurs, which are two: a whole one and the last.
  let translated = new Int32Array(0)
  const { shape, targets, classes } = dataset
  return {
    rows: rows.length,
    shape,
    targets,
    classes,
    read(indices, features, targetsOfRows) {
      if (translated.length !== indices.length) translated = new Int32Array(indices.length)
      for (let i = 0; i < indices.length; i++) translated[i] = rows[indices[i] as number] as number
      dataset.read(translated, features, targetsOfRows)
    },
    close: () => dataset.close(),
  }
}

/** `from` to `to`, less the last. */
export function rowNumbers(from: number, to: number): Int32Array {
  const rows = new Int32Array(to - from)
  // Int32Array.from({ length }) takes fifty times as long, and there may be ten million.
  for (let i = 0; i < rows.length; i++) rows[i] = from + i
  return rows
}

/** 0 to `rows`, less those that were drawn. */
export function rowNumbersWithout(drawn: Int32Array, rows: number): Int32Array {
  const isDrawn = new Uint8Array(rows)
  for (let i = 0; i < drawn.length; i++) isDrawn[drawn[i] as number] = 1
  const others = new Int32Array(rows - drawn.length)
  for (let row = 0, to = 0; row < rows; row++) if (isDrawn[row] === 0) others[to++] = row
  return others
}
