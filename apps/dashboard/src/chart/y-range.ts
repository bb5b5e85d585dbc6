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
  return rangeOf(found.subarray(0, length), onFloor, { fit, includeZero, log })
}

/** Of lines as they are drawn; the middle is each line's own, so that none is left out for being far from the others. */
export function yRangeOfLines(lines: readonly (readonly Y[])[], options: YRangeOptions = {}): YRange | null {
  const numbers = lines.map(ys => ys.filter(y => typeof y === 'number'))
  const drawn = options.log ? numbers.map(ys => ys.filter(y => y > 0)) : numbers
  const all = Float64Array.from(drawn.flat())
  const onFloor = numbers.flat().length - all.length
  if (options.fit !== 'middle') return rangeOf(all, onFloor, options)
  const own = drawn.filter(ys => ys.length > 0).map(ys => middle(Float64Array.from(ys)))
  const within: [number, number] = [Math.min(...own.map(([low]) => low)), Math.max(...own.map(([, high]) => high))]
  return rangeOf(all, onFloor, options, within)
}

function rangeOf(
  drawn: Float64Array,
  onFloor: number,
  { fit = 'all', includeZero = false, log = false }: YRangeOptions,
  within: [number, number] | null = null,
): YRange | null {
  if (drawn.length === 0) return null
  let [low, high] = within ?? (fit === 'middle' ? middle(drawn) : ends(drawn))
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

/** From the first to the 99th percentile; of fewer than 100 values without the lowest and the highest, where there are enough to judge by. */
function middle(values: Float64Array): [number, number] {
  const sorted = values.slice().sort()
  const left = sorted.length < ENOUGH ? 0 : Math.max(1, Math.floor(sorted.length * 0.01))
  return [sorted[left] ?? 0, sorted[sorted.length - 1 - left] ?? 0]
}
const ENOUGH = 20

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
