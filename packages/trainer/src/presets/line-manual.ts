// Exercise 1 by hand: the gradient is written down as the page derives it. Equal to the page's numpy in every bit.
import { errorMeans } from './line-errors.ts'
import type { CreateLineForm } from './line-form.ts'

export const createManualForm: CreateLineForm = (points, start, learningRate) => {
  const form = {
    line: start,
    step() {
      const { a, b } = form.line
      const { squares, errors, products } = errorMeans(points, form.line)
      // ∂E/∂a = −2·mean(y − ŷ), ∂E/∂b = −2·mean(x·(y − ŷ))
      form.line = { a: a - learningRate * (-2 * errors), b: b - learningRate * (-2 * products) }
      return squares
    },
  }
  return form
}
