// Regression: true and predicted values to be drawn against each other, and how far they are apart.

import type { Evaluator, Part } from './evaluator.ts'
import { histogram } from './histogram.ts'
import { spread } from './spread.ts'

const MAX_PAIRS = 10_000
const MAX_OUTPUTS = 16
/** As on the page: plt.hist(error, bins = 25). */
const BINS = 25

export function createRegression(part: Part, rows: number, width: number): Evaluator {
  const outputs = Math.min(width, MAX_OUTPUTS)
  const truths = Array.from({ length: outputs }, () => new Float64Array(rows))
  const predicted = Array.from({ length: outputs }, () => new Float64Array(rows))
  let seen = 0
  return {
    add(predictions, targets, count) {
      for (let row = 0; row < count; row++, seen++)
        for (let output = 0; output < outputs; output++) {
          ;(truths[output] as Float64Array)[seen] = targets[row * width + output] as number
          ;(predicted[output] as Float64Array)[seen] = predictions[row * width + output] as number
        }
    },
    result() {
      const shown = Array.from(spread(rows, MAX_PAIRS))
      const finite = (values: Float64Array) =>
        shown.map(row => (Number.isFinite(values[row]) ? (values[row] as number) : null))
      return {
        v: 1,
        kind: 'regression',
        part,
        rows,
        outputs: truths.map((truth, output) => {
          const of = predicted[output] as Float64Array
          return {
            pairs: { row: shown, true: finite(truth), predicted: finite(of) },
            errors: histogram(
              of.map((value, row) => value - (truth[row] as number)),
              BINS,
            ),
          }
        }),
      }
    },
  }
}
