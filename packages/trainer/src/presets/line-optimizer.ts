// Exercise 1 with an optimizer: the loss is written down, its gradients come from the tape, and SGD moves the parameters.
import { createLineModel, move, withLine } from './line-autograd.ts'
import type { CreateLineForm } from './line-form.ts'
import { backward, type Tensor } from './line-tape.ts'

export const createOptimizerForm: CreateLineForm = (points, start, learningRate) => {
  const model = createLineModel(points, start)
  const optimizer = createSgd([model.a, model.b], learningRate)
  return withLine(model, () => {
    const loss = model.loss()
    backward(loss)
    optimizer.step()
    optimizer.zeroGradients()
    return loss
  })
}

/** torch.optim.SGD: it knows the parameters and how far to move them, and nothing of the model. */
const createSgd = (parameters: readonly Tensor[], learningRate: number) => ({
  step(): void {
    for (const parameter of parameters) move(parameter, learningRate)
  },
  zeroGradients(): void {
    for (const { gradient } of parameters) gradient.fill(0)
  },
})
