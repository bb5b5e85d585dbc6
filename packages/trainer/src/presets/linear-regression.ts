// Exercise 1 of the tutorial: y = a + b·x by gradient descent in float64, seeded as the page seeds it, digit by digit.
// A loop of our own: 1,000 epochs take a few ms; the tensor library takes hundreds of times as long, in float32.
import { mean, pairwiseSum } from '../data/pairwise-sum.ts'
import { RandomState } from '../random/random-state.ts'
import type { Preset, Trainable } from '../trainable.ts'

const POINTS = 100
const TRAINING_POINTS = 80
const LEARNING_RATE = 0.1

export interface Line {
  a: number
  b: number
}

/** Points and room for what is computed of each: an epoch takes 2 µs, so that allocating would be most of it. */
interface Points {
  x: Float64Array
  y: Float64Array
  errors: Float64Array
  products: Float64Array
  squares: Float64Array
}

export const linearRegression: Preset = {
  engine: 'float64',
  prepare: async ({ training: { seed } }) => prepareLine(seed),
}

/** @param seed seeds the data and, again, the start, as the page's two np.random.seed(42) do */
export function prepareLine(seed: number, learningRate = LEARNING_RATE): Trainable {
  const { train, validation } = generate(seed)
  const start = drawStart(seed)
  const exact = leastSquares(train)
  let line = start
  return {
    async trainEpoch(_, ended) {
      // As on the page: the loss is that of the line before the step.
      const loss = meanSquaredError(train, line)
      line = descend(train, line, learningRate)
      ended({ loss, val_loss: meanSquaredError(validation, line), ...line })
      return true
    },
    // No epoch of it is ever half done: there is no rest within one.
    state: () => ({ weights: { line: Float64Array.of(line.a, line.b) }, rest: {}, random: null }),
    restore({ weights }) {
      const [a, b] = weights.line as unknown as [number, number]
      line = { a, b }
    },
    evaluate: () => ({ least_squares_a: exact.a, least_squares_b: exact.b }),
    tables: () => ({
      coefficients: [
        { name: 'start', ...start },
        { name: 'end', ...finite(line) },
        { name: 'least squares', ...exact },
      ],
    }),
    dispose() {},
  }
}

function generate(seed: number): { train: Points; validation: Points } {
  const random = new RandomState(seed)
  const x = random.rand(POINTS)
  const noise = random.randn(POINTS)
  const y = x.map((value, i) => 1 + 2 * value + 0.1 * (noise[i] as number))
  const order = random.permutation(POINTS)
  const points = (indices: Int32Array): Points => ({
    x: Float64Array.from(indices, i => x[i] as number),
    y: Float64Array.from(indices, i => y[i] as number),
    errors: new Float64Array(indices.length),
    products: new Float64Array(indices.length),
    squares: new Float64Array(indices.length),
  })
  return { train: points(order.subarray(0, TRAINING_POINTS)), validation: points(order.subarray(TRAINING_POINTS)) }
}

function drawStart(seed: number): Line {
  const [a, b] = new RandomState(seed).randn(2) as unknown as [number, number]
  return { a, b }
}

function meanSquaredError({ x, y, squares }: Points, { a, b }: Line): number {
  for (let i = 0; i < y.length; i++) {
    const error = (y[i] as number) - (a + b * (x[i] as number))
    squares[i] = error * error
  }
  return mean(squares)
}

/** One step over all points. ∂E/∂a = −2·mean(y − ŷ), ∂E/∂b = −2·mean(x·(y − ŷ)). */
function descend({ x, y, errors, products }: Points, { a, b }: Line, learningRate: number): Line {
  for (let i = 0; i < y.length; i++) {
    const error = (y[i] as number) - (a + b * (x[i] as number))
    errors[i] = error
    products[i] = (x[i] as number) * error
  }
  return { a: a - learningRate * (-2 * mean(errors)), b: b - learningRate * (-2 * mean(products)) }
}

/** The line that gradient descent comes near to: b = Σ(x − x̄)(y − ȳ) / Σ(x − x̄)², a = ȳ − b·x̄. */
function leastSquares({ x, y }: Points): Line {
  const [middleX, middleY] = [mean(x), mean(y)]
  const covariance = pairwiseSum(x.map((value, i) => (value - middleX) * ((y[i] as number) - middleY)))
  const b = covariance / pairwiseSum(x.map(value => (value - middleX) ** 2))
  return { a: middleY - b * middleX, b }
}

const finite = ({ a, b }: Line): { a: number | null; b: number | null } => ({
  a: Number.isFinite(a) ? a : null,
  b: Number.isFinite(b) ? b : null,
})
