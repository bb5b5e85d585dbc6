// Exercise 1 with automatic gradients: the loss is written down, its gradients come from the tape, the parameters are moved by hand.
import type { Line, Points } from './line-data.ts'
import type { CreateLineForm, LineForm } from './line-form.ts'
import { add, backward, leaf, mean, multiply, square, subtract, type Tensor } from './line-tape.ts'

export const createAutogradForm: CreateLineForm = (points, start, learningRate) => {
  const model = createLineModel(points, start)
  const { a, b } = model
  return withLine(model, () => {
    const loss = model.loss()
    backward(loss)
    for (const parameter of [a, b]) {
      move(parameter, learningRate)
      // Otherwise the next step's gradients would be added to these.
      parameter.gradient.fill(0)
    }
    return loss
  })
}

/** Two parameters, and the loss of what they predict. */
export interface LineModel {
  a: Tensor
  b: Tensor
  /** a + b·x */
  prediction(): Tensor
  /** mean((y − prediction)²) */
  loss(): Tensor
}

export function createLineModel(points: Points, start: Line): LineModel {
  const a = leaf('a', [start.a])
  const b = leaf('b', [start.b])
  const x = leaf('x', points.x)
  const y = leaf('y', points.y)
  const prediction = (): Tensor => add(a, multiply(b, x))
  return { a, b, prediction, loss: () => mean(square(subtract(y, prediction()))) }
}

/** One step of gradient descent: the parameter goes against its gradient. */
export function move({ data, gradient }: Tensor, learningRate: number): void {
  data.forEach((value, i) => {
    data[i] = value - learningRate * (gradient[i] as number)
  })
}

/** @param step one step of the model's parameters; returns the loss before it */
export function withLine({ a, b }: LineModel, step: () => Tensor): LineForm {
  return {
    get line() {
      return { a: a.data[0] as number, b: b.data[0] as number }
    },
    set line(line) {
      a.data[0] = line.a
      b.data[0] = line.b
    },
    step: () => step().data[0] as number,
  }
}
