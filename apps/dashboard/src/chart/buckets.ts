// Fewer points with the same picture: of each bucket the first, the lowest, the highest and the last (M4), and where numbers end.
// Buckets are powers of two wide and begin at epoch 0, so one that is full never changes again and nothing jumps while a job runs.
import type { Column, EpochHistory } from './history.ts'

/** Up to so many rows everything is drawn. */
export const MOST_ROWS_WHOLE = 20_000
/** As many buckets as a chart is wide, about. */
export const BUCKETS = 500

/** The narrowest that makes at most `most` buckets, counted as they lie from epoch 0. */
export function bucketSize(firstEpoch: number, lastEpoch: number, most = BUCKETS): number {
  let size = 1
  while (Math.floor(lastEpoch / size) - Math.floor(firstEpoch / size) + 1 > most) size *= 2
  return size
}

/** Rows to draw, in their order; the first and the last are always among them. */
export function thinned(history: EpochHistory, rows: Int32Array, columns: readonly Column[], size: number): Int32Array {
  const kept = new Int32Array(rows.length)
  let length = 0
  let from = 0
  while (from < rows.length) {
    const bucket = Math.floor(history.epochOf(rows[from] as number) / size)
    let end = from + 1
    while (end < rows.length && Math.floor(history.epochOf(rows[end] as number) / size) === bucket) end += 1
    for (const at of placesOf(rows, from, end, columns)) kept[length++] = rows[at] as number
    from = end
  }
  return kept.slice(0, length)
}

function placesOf(rows: Int32Array, from: number, end: number, columns: readonly Column[]): number[] {
  if (end - from <= 2) return end - from === 1 ? [from] : [from, end - 1]
  const places = new Set([from, end - 1])
  for (const { values, logged } of columns) {
    let [lowest, highest, firstBad, lastBad] = [-1, -1, -1, -1]
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let at = from; at < end; at++) {
      const row = rows[at] as number
      const value = values[row] as number
      if (Number.isFinite(value)) {
        if (value < low) {
          low = value
          lowest = at
        }
        if (value > high) {
          high = value
          highest = at
        }
      } else if (logged[row] === 1) {
        if (firstBad < 0) firstBad = at
        lastBad = at
      }
    }
    for (const at of [lowest, highest, firstBad, lastBad]) if (at >= 0) places.add(at)
  }
  return [...places].sort((a, b) => a - b)
}
