// One column as pandas' DataFrame.describe() sums it up: sample standard deviation, quartiles by linear interpolation.
import { mean, pairwiseSum } from './pairwise-sum.ts'

export interface Description {
  count: number
  mean: number
  std: number
  min: number
  '25%': number
  '50%': number
  '75%': number
  max: number
}

/**
 * @param values at least two finite numbers; the standard deviation divides by count − 1
 * @param rest called now and then, where there are many values
 */
export async function describe(
  values: ArrayLike<number>,
  rest: () => Promise<void> = async () => undefined,
): Promise<Description> {
  const count = values.length
  const middle = mean(values)
  const squares = new Float64Array(count)
  for (let i = 0; i < count; i++) squares[i] = ((values[i] as number) - middle) ** 2
  const variance = pairwiseSum(squares) / (count - 1)
  if (count > SORTED_AT_ONCE) await rest()
  const sorted = await sortedOf(values, rest)
  return {
    count,
    mean: middle,
    std: Math.sqrt(variance),
    min: quantile(sorted, 0),
    '25%': quantile(sorted, 0.25),
    '50%': quantile(sorted, 0.5),
    '75%': quantile(sorted, 0.75),
    max: quantile(sorted, 1),
  }
}

/** Sorted at once: some 20 ms. */
const SORTED_AT_ONCE = 262_144

/** In parts that are merged, two by two, because one sort of ten million numbers takes seconds. */
async function sortedOf(values: ArrayLike<number>, rest: () => Promise<void>): Promise<Float64Array> {
  const count = values.length
  let from = new Float64Array(values)
  for (let at = 0; at < count; at += SORTED_AT_ONCE) {
    if (at > 0) await rest()
    from.subarray(at, at + SORTED_AT_ONCE).sort()
  }
  if (count <= SORTED_AT_ONCE) return from
  let into = new Float64Array(count)
  for (let width = SORTED_AT_ONCE; width < count; width *= 2) {
    for (let left = 0; left < count; left += 2 * width) {
      await rest()
      merge(from, into, left, Math.min(left + width, count), Math.min(left + 2 * width, count))
    }
    ;[from, into] = [into, from]
  }
  return from
}

/** `left` to `middle` and `middle` to `end`, each sorted, to the same places of `into`. */
function merge(from: Float64Array, into: Float64Array, left: number, middle: number, end: number): void {
  let [one, other] = [left, middle]
  for (let to = left; to < end; to++)
    into[to] =
      other === end || (one < middle && (from[one] as number) <= (from[other] as number))
        ? (from[one++] as number)
        : (from[other++] as number)
}

function quantile(sorted: Float64Array, fraction: number): number {
  const place = (sorted.length - 1) * fraction
  const below = sorted[Math.floor(place)] as number
  const above = sorted[Math.ceil(place)] as number
  return below + (place - Math.floor(place)) * (above - below)
}
