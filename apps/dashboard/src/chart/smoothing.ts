// A moving average that does not deceive: it starts at the first value's own weight and not at 0 (de-biased), leaves a constant
// exactly as it is, skips what is not a number, and never crosses from one attempt to the next.
import type { EpochHistory } from './history.ts'

/** A chart is about so many points wide: of more the same weight smooths as many pixels, not as many epochs. */
const POINTS_ACROSS = 1000

export interface SmoothingOptions {
  /** 0 … 0.99; 0: the values as they are. */
  weight: number
  /** Epochs that the job means to train: fixed, so that nothing moves while it grows. null: not known. */
  ofEpochs: number | null
}

/**
 * By row, made from all rows given, before any of them is left out of a drawing. The weight of an older value falls with its distance in epochs, so a
 * metric that is logged unevenly is not pulled to where it is dense. NaN where there is no number.
 * @param rows ascending in epochs
 */
export function smoothed(
  history: EpochHistory,
  metric: string,
  rows: ArrayLike<number>,
  { weight, ofEpochs }: SmoothingOptions,
): Float64Array {
  const result = new Float64Array(history.length).fill(Number.NaN)
  const column = history.column(metric)
  if (column === undefined) return result
  const spacing = typicalSpacing(history, column.logged, rows)
  const first = rows.length === 0 ? 0 : history.epochOf(rows[0] as number)
  const last = rows.length === 0 ? 0 : history.epochOf(rows[rows.length - 1] as number)
  const points = (ofEpochs ?? last - first + 1) / spacing
  const perStep = Math.min(1, POINTS_ACROSS / Math.max(1, points)) / spacing
  const usual = weight ** (perStep * spacing)
  let attempt = -1
  let before = 0
  let sum = 0
  let mean = 0
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number
    const value = column.values[row] as number
    if (!Number.isFinite(value)) continue
    const epoch = history.epochOf(row)
    const own = history.attemptOf(row)
    const distance = epoch - before
    const kept = own !== attempt ? 0 : distance === spacing ? usual : weight ** (distance * perStep)
    // The mean moves by its distance to the value: of a constant that is 0, to the last bit.
    sum = sum * kept + 1
    mean = kept === 0 ? value : mean + (value - mean) / sum
    result[row] = mean
    attempt = own
    before = epoch
  }
  return result
}

/** The median number of epochs between two values; a metric may be logged every tenth. */
function typicalSpacing(history: EpochHistory, logged: Uint8Array, rows: ArrayLike<number>): number {
  const counts = new Map<number, number>()
  let all = 0
  let before = -1
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number
    if (logged[row] === 0) continue
    const epoch = history.epochOf(row)
    if (before >= 0) {
      counts.set(epoch - before, (counts.get(epoch - before) ?? 0) + 1)
      all += 1
    }
    before = epoch
  }
  let passed = 0
  for (const spacing of [...counts.keys()].sort((a, b) => a - b)) {
    passed += counts.get(spacing) ?? 0
    if (passed * 2 >= all) return Math.max(1, spacing)
  }
  return 1
}
