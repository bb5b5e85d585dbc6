// numpy's float64 sum: in blocks of 128 with eight partial sums, halves added pairwise. numpy/core/src/umath/loops_utils.h.src.
// A plain loop differs from it in the last bits, and the tutorial's figures are compared to the last printed digit.

/** So many values at most are added without halving them. */
export const BLOCK = 128

/** The sum of `count` values from `start` on; 0 for none. */
export function pairwiseSum(values: ArrayLike<number>, start = 0, count = values.length - start): number {
  const end = start + count
  if (count < 8) {
    let sum = count === 0 ? 0 : (values[start] as number)
    for (let i = start + 1; i < end; i++) sum += values[i] as number
    return sum
  }
  if (count > BLOCK) {
    const half = Math.floor(count / 2)
    const left = half - (half % 8)
    return pairwiseSum(values, start, left) + pairwiseSum(values, start + left, count - left)
  }
  let [a, b, c, d] = [
    values[start] as number,
    values[start + 1] as number,
    values[start + 2] as number,
    values[start + 3] as number,
  ]
  let [e, f, g, h] = [
    values[start + 4] as number,
    values[start + 5] as number,
    values[start + 6] as number,
    values[start + 7] as number,
  ]
  const whole = end - (count % 8)
  for (let i = start + 8; i < whole; i += 8) {
    a += values[i] as number
    b += values[i + 1] as number
    c += values[i + 2] as number
    d += values[i + 3] as number
    e += values[i + 4] as number
    f += values[i + 5] as number
    g += values[i + 6] as number
    h += values[i + 7] as number
  }
  let sum = a + b + (c + d) + (e + f + (g + h))
  for (let i = whole; i < end; i++) sum += values[i] as number
  return sum
}

export const mean = (values: ArrayLike<number>): number => pairwiseSum(values) / values.length
