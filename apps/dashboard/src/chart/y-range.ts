// How far the y axis goes: over everything finite, or over its middle, with a count of what is left outside and said so.
import type { EpochHistory } from './history.ts'
import type { Y } from './plot.ts'

export interface YRange {
  low: number
  high: number
  /** Values beyond the edges: arrows there, and a chip. */
  above: number
  below: number
  /** On a log axis: values of 0 and less, which have no place on it and are marked on its floor. */
  onFloor: number
}

export interface YRangeOptions {
  fit?: 'all' | 'middle'
  includeZero?: boolean
  log?: boolean
}

/** null: nothing can be drawn. @param rows those in view, all of them */
export function yRange(
  history: EpochHistory,
  metrics: readonly string[],
  rows: ArrayLike<number>,
  { fit = 'all', includeZero = false, log = false }: YRangeOptions = {},
): YRange | null {
  const found = new Float64Array(rows.length * metrics.length)
  let length = 0
  let onFloor = 0
  for (const metric of metrics) {
    const values = history.column(metric)?.values
    if (values === undefined) continue
    for (let at = 0; at < rows.length; at++) {
      const value = values[rows[at] as number] as number
      if (!Number.isFinite(value)) continue
      if (log && value <= 0) onFloor += 1
      else found[length++] = value
    }
  }
  if (length === 0) return null
  const drawn = found.subarray(0, length)
  let [low, high] = fit === 'middle' ? middle(drawn) : ends(drawn)
  let [above, below] = [0, 0]
  for (const value of drawn) {
    if (value > high) above += 1
    if (value < low) below += 1
  }
  if (includeZero && !log) [low, high] = [Math.min(0, low), Math.max(0, high)]
  if (low === high) [low, high] = widened(low, log)
  return { low, high, above, below, onFloor }
}

function ends(values: Float64Array): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

/** From the first to the 99th percentile, by the nearest rank. */
function middle(values: Float64Array): [number, number] {
  const sorted = values.slice().sort()
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? 0
  return [at(0.01), at(0.99)]
}

/** A line that never changes still stands in the middle of something. */
function widened(value: number, log: boolean): [number, number] {
  if (log) return [value / 2, value * 2]
  const half = value === 0 ? 1 : Math.abs(value) * 0.1
  return [value - half, value + half]
}

/** For a true log10 axis: what is 0 or less leaves the line and is marked on the floor. */
export function onLogAxis(ys: readonly Y[]): { ys: Y[]; floor: number[] } {
  const floor: number[] = []
  const drawn = ys.map((y, at) => {
    if (typeof y !== 'number' || y > 0) return y
    floor.push(at)
    return null
  })
  return { ys: drawn, floor }
}
