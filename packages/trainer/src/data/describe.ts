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

/** @param values at least two finite numbers; the standard deviation divides by count − 1 */
export function describe(values: ArrayLike<number>): Description {
  const count = values.length
  const middle = mean(values)
  const variance = pairwiseSum(Float64Array.from(values, value => (value - middle) ** 2)) / (count - 1)
  const sorted = Float64Array.from(values).sort()
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

function quantile(sorted: Float64Array, fraction: number): number {
  const place = (sorted.length - 1) * fraction
  const below = sorted[Math.floor(place)] as number
  const above = sorted[Math.ceil(place)] as number
  return below + (place - Math.floor(place)) * (above - below)
}
