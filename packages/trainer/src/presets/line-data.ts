// The points of exercise 1: y = 1 + 2·x with some noise, 80 to train on and 20 to validate, drawn and shuffled as the page does.
import { mean, pairwiseSum } from '../data/pairwise-sum.ts'
import { RandomState } from '../random/random-state.ts'

const POINTS = 100
const TRAINING_POINTS = 80

/** y = a + b·x */
export interface Line {
  a: number
  b: number
}

export interface Points {
  x: Float64Array
  y: Float64Array
}

/** np.random.seed(seed), then rand, randn, shuffle. */
export function drawPoints(seed: number): { train: Points; validation: Points } {
  const random = new RandomState(seed)
  const x = random.rand(POINTS)
  const noise = random.randn(POINTS)
  const y = x.map((value, i) => 1 + 2 * value + 0.1 * (noise[i] as number))
  const order = random.permutation(POINTS)
  const points = (indices: Int32Array): Points => ({
    x: Float64Array.from(indices, i => x[i] as number),
    y: Float64Array.from(indices, i => y[i] as number),
  })
  return { train: points(order.subarray(0, TRAINING_POINTS)), validation: points(order.subarray(TRAINING_POINTS)) }
}

/** np.random.seed(seed) once more, then randn for a and for b. */
export function drawStart(seed: number): Line {
  const [a, b] = new RandomState(seed).randn(2) as unknown as [number, number]
  return { a, b }
}

/** The line that gradient descent comes near to: b = Σ(x − x̄)(y − ȳ) / Σ(x − x̄)², a = ȳ − b·x̄. */
export function leastSquares({ x, y }: Points): Line {
  const [middleX, middleY] = [mean(x), mean(y)]
  const covariance = pairwiseSum(x.map((value, i) => (value - middleX) * ((y[i] as number) - middleY)))
  const b = covariance / pairwiseSum(x.map(value => (value - middleX) ** 2))
  return { a: middleY - b * middleX, b }
}
