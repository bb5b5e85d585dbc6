// Exercise 1 of the tutorial: y = a + b·x by gradient descent in float64, seeded as the page seeds it, digit by digit.
// A loop of our own: 1,000 epochs take a few ms; the tensor library takes hundreds of times as long, in float32.
import { ARTIFACTS, type Evaluation, type PresetTraining } from '@trotline/contracts'
import { jsonArtifact } from '../artifacts/artifact.ts'
import type { Preset, Trainable } from '../trainable.ts'
import { createAutogradForm, createLineModel } from './line-autograd.ts'
import { drawPoints, drawStart, type Line, leastSquares, type Points } from './line-data.ts'
import { errorMeans } from './line-errors.ts'
import type { CreateLineForm } from './line-form.ts'
import { graphOf } from './line-graph.ts'
import { createManualForm } from './line-manual.ts'
import { createOptimizerForm } from './line-optimizer.ts'

type LinearRegression = Extract<PresetTraining, { preset: 'linear-regression' }>

const LEARNING_RATE = 0.1

const FORMS: Record<LinearRegression['form'], CreateLineForm> = {
  manual: createManualForm,
  autograd: createAutogradForm,
  optimizer: createOptimizerForm,
}

export const linearRegression: Preset<LinearRegression> = {
  prepare: async ({ training }) => prepareLine(training),
}

/** `seed` seeds the data and, again, the start, as the page's two np.random.seed(42) do. */
export function prepareLine(
  { seed, epochs: asked, form }: Pick<LinearRegression, 'seed' | 'epochs' | 'form'>,
  learningRate = LEARNING_RATE,
): Trainable {
  const { train, validation } = drawPoints(seed)
  const start = drawStart(seed)
  const exact = leastSquares(train)
  const descent = FORMS[form](train, start, learningRate)
  let epochs = 0
  return {
    async trainEpoch(_, watch) {
      const loss = descent.step()
      epochs += 1
      const { line } = descent
      watch.ended({ loss, val_loss: errorMeans(validation, line).squares, ...line })
    },
    // All points are one batch, so that no epoch is ever half done.
    progress: () => ({ epochs, batches: 0 }),
    finished: () => epochs === asked,
    async evaluate() {
      const model = createLineModel(train, descent.line)
      return {
        values: { least_squares_a: exact.a, least_squares_b: exact.b },
        artifacts: [
          jsonArtifact(ARTIFACTS.graph, graphOf(model.prediction(), [model.a, model.b])),
          jsonArtifact(ARTIFACTS.evaluation, {
            v: 1,
            kind: 'line',
            training: listed(train),
            validation: listed(validation),
            start,
            end: finite(descent.line),
            leastSquares: exact,
          } satisfies Evaluation),
        ],
      }
    },
    facts: () => ({
      coefficients: {
        start,
        end: finite(descent.line),
        leastSquares: { intercept: exact.a, slope: exact.b },
      },
      trainStatistics: null,
      layers: null,
      best: null,
      stoppedEarlyAt: null,
    }),
    state: () => ({ weights: { line: Float64Array.of(descent.line.a, descent.line.b) }, rest: {}, random: null }),
    restore(progress, { weights }) {
      const [a, b] = weights.line as unknown as [number, number]
      descent.line = { a, b }
      epochs = progress.epochs
    },
    dispose() {},
  }
}

const listed = ({ x, y }: Points): { x: number[]; y: number[] } => ({ x: [...x], y: [...y] })

const finite = ({ a, b }: Line): { a: number | null; b: number | null } => ({
  a: Number.isFinite(a) ? a : null,
  b: Number.isFinite(b) ? b : null,
})
