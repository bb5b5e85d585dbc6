// Exercise 1 by hand: the gradient is written down as the page derives it. Equal to the page's numpy in every bit.
import { mean } from '../data/pairwise-sum.ts'
import { createLineLoss } from './line-data.ts'
import type { CreateLineForm } from './line-form.ts'

export const createManualForm: CreateLineForm = (points, start, learningRate) => {
  const { x, y } = points
  const lossOf = createLineLoss(points)
  // Used again in every step: an epoch takes 2 µs, so that allocating would be most of it.
  const errors = new Float64Array(y.length)
  const products = new Float64Array(y.length)
  const form = {
    line: start,
    step() {
      const { a, b } = form.line
      const loss = lossOf(form.line)
      for (let i = 0; i < y.length; i++) {
        const error = (y[i] as number) - (a + b * (x[i] as number))
        errors[i] = error
        products[i] = (x[i] as number) * error
      }
      // ∂E/∂a = −2·mean(y − ŷ), ∂E/∂b = −2·mean(x·(y − ŷ))
      form.line = { a: a - learningRate * (-2 * mean(errors)), b: b - learningRate * (-2 * mean(products)) }
      return loss
    },
  }
  return form
}
