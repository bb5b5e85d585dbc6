// How far points lie from a line: the means of which its loss and its gradient are made, in one pass and nothing in between stored.
import { BLOCK } from '../data/pairwise-sum.ts'
import type { Line, Points } from './line-data.ts'

/** Means over all points of errors y − (a + b·x). */
export interface ErrorMeans {
  /** mean(error²) */
  squares: number
  /** mean(error) */
  errors: number
  /** mean(x·error) */
  products: number
}

/**
 * Summed in numpy's order, as pairwiseSum does, so that the means are numpy's in every bit: eight partial sums, of which each takes
 * every eighth value. Four of them at a time, for three means: as many numbers as a processor has registers. All eight at once
 * take 1.8 times as long.
 * @throws TypeError where there are more than 128 points, which numpy adds in halves
 */
export function errorMeans({ x, y }: Points, { a, b }: Line): ErrorMeans {
  const count = x.length
  if (count > BLOCK) throw new TypeError(`${count} points: numpy adds more than ${BLOCK} in halves`)
  const whole = count - (count % 8)
  let [squares, errors, products] = [0, 0, 0]
  for (let lane = 0; lane < 8; lane += 4) {
    let [squares0, squares1, squares2, squares3] = [0, 0, 0, 0]
    let [errors0, errors1, errors2, errors3] = [0, 0, 0, 0]
    let [products0, products1, products2, products3] = [0, 0, 0, 0]
    for (let i = lane; i < whole; i += 8) {
      let at = x[i] as number
      let error = (y[i] as number) - (a + b * at)
      squares0 += error * error
      errors0 += error
      products0 += at * error
      at = x[i + 1] as number
      error = (y[i + 1] as number) - (a + b * at)
      squares1 += error * error
      errors1 += error
      products1 += at * error
      at = x[i + 2] as number
      error = (y[i + 2] as number) - (a + b * at)
      squares2 += error * error
      errors2 += error
      products2 += at * error
      at = x[i + 3] as number
      error = (y[i + 3] as number) - (a + b * at)
      squares3 += error * error
      errors3 += error
      products3 += at * error
    }
    squares += squares0 + squares1 + (squares2 + squares3)
    errors += errors0 + errors1 + (errors2 + errors3)
    products += products0 + products1 + (products2 + products3)
  }
  for (let i = whole; i < count; i++) {
    const error = (y[i] as number) - (a + b * (x[i] as number))
    squares += error * error
    errors += error
    products += (x[i] as number) * error
  }
  return { squares: squares / count, errors: errors / count, products: products / count }
}
