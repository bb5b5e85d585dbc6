// Automatic differentiation, as small as it can be: vectors of float64, five operations, and a walk back through them.
//
// Every operation returns a Tensor that remembers what it was made of. backward() starts at the loss with ∂loss/∂loss = 1 and goes
// through the operations in the opposite order; each adds to its inputs' gradients what the chain rule gives: its own gradient times
// the derivative by that input. When it is done, `gradient` of every parameter is ∂loss/∂parameter. As in PyTorch, gradients add up
// over calls until they are set to 0.
import { pairwiseSum } from '../data/pairwise-sum.ts'

export interface Tensor {
  /** What it is called, or the operation that made it. */
  readonly name: string
  readonly data: Float64Array
  readonly gradient: Float64Array
  readonly inputs: readonly Tensor[]
  /** Hands `gradient` on to the inputs' gradients. */
  readonly pullBack: () => void
}

/** A tensor that no operation made: a parameter, or data. One number stands for itself in every place. */
export const leaf = (name: string, values: ArrayLike<number>): Tensor => ({
  name,
  data: Float64Array.from(values),
  gradient: new Float64Array(values.length),
  inputs: [],
  pullBack: () => undefined,
})

/** z = a + b: ∂z/∂a = 1, ∂z/∂b = 1 */
export const add = (a: Tensor, b: Tensor): Tensor =>
  elementwise('add', a, b, {
    value: (x, y) => x + y,
    byFirst: () => 1,
    bySecond: () => 1,
  })

/** z = a − b: ∂z/∂a = 1, ∂z/∂b = −1 */
export const subtract = (a: Tensor, b: Tensor): Tensor =>
  elementwise('subtract', a, b, {
    value: (x, y) => x - y,
    byFirst: () => 1,
    bySecond: () => -1,
  })

/** z = a·b: ∂z/∂a = b, ∂z/∂b = a */
export const multiply = (a: Tensor, b: Tensor): Tensor =>
  elementwise('multiply', a, b, {
    value: (x, y) => x * y,
    byFirst: (_, y) => y,
    bySecond: x => x,
  })

/** z = a²: ∂z/∂a = 2·a */
export function square(a: Tensor): Tensor {
  const gradient = new Float64Array(a.data.length)
  return {
    name: 'square',
    data: a.data.map(value => value * value),
    gradient,
    inputs: [a],
    pullBack: () => hand(a, i => at(gradient, i) * 2 * at(a.data, i), gradient.length),
  }
}

/** z = (a₁ + … + aₙ) ÷ n: ∂z/∂aᵢ = 1 ÷ n */
export function mean(a: Tensor): Tensor {
  const count = a.data.length
  const gradient = new Float64Array(1)
  return {
    name: 'mean',
    data: Float64Array.of(pairwiseSum(a.data) / count),
    gradient,
    inputs: [a],
    pullBack: () => hand(a, () => at(gradient, 0) / count, count),
  }
}

/** Fills the gradients of everything that `loss`, one number, was made of. */
export function backward(loss: Tensor): void {
  loss.gradient[0] = 1
  for (const tensor of inOrder(loss).reverse()) tensor.pullBack()
}

/** What `result` was made of and itself, each after its inputs. */
export function inOrder(result: Tensor): Tensor[] {
  const order = new Set<Tensor>()
  const visit = (tensor: Tensor): void => {
    if (order.has(tensor)) return
    tensor.inputs.forEach(visit)
    order.add(tensor)
  }
  visit(result)
  return [...order]
}

/** An operation on two tensors, place by place, and its derivatives. A tensor of one number is taken for every place. */
function elementwise(
  name: string,
  a: Tensor,
  b: Tensor,
  rule: {
    value(x: number, y: number): number
    byFirst(x: number, y: number): number
    bySecond(x: number, y: number): number
  },
): Tensor {
  const count = Math.max(a.data.length, b.data.length)
  const data = new Float64Array(count)
  for (let i = 0; i < count; i++) data[i] = rule.value(at(a.data, i), at(b.data, i))
  const gradient = new Float64Array(count)
  return {
    name,
    data,
    gradient,
    inputs: [a, b],
    pullBack() {
      hand(a, i => at(gradient, i) * rule.byFirst(at(a.data, i), at(b.data, i)), count)
      hand(b, i => at(gradient, i) * rule.bySecond(at(a.data, i), at(b.data, i)), count)
    },
  }
}

const at = (values: Float64Array, i: number): number => values[values.length === 1 ? 0 : i] as number

/** Adds `count` gradients to a tensor's own. One number that was taken for every place gets the sum of all. */
function hand(to: Tensor, gradientAt: (i: number) => number, count: number): void {
  const handed = new Float64Array(count)
  for (let i = 0; i < count; i++) handed[i] = gradientAt(i)
  const { gradient } = to
  if (gradient.length === 1) gradient[0] = at(gradient, 0) + pairwiseSum(handed)
  else for (let i = 0; i < count; i++) gradient[i] = at(gradient, i) + at(handed, i)
}
