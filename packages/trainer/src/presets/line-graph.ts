// The operations that a prediction was made of, as data to draw: the page's make_dot(yhat).
import type { ModelGraph } from '@trotline/contracts'
import { inOrder, type Tensor } from './line-tape.ts'

/** @param parameters those that are learned; the other leaves are data, whose first axis counts rows */
export function graphOf(result: Tensor, parameters: readonly Tensor[]): ModelGraph {
  const tensors = inOrder(result)
  return {
    v: 1,
    nodes: tensors.map(tensor => ({
      name: tensor.name,
      type: tensor.inputs.length > 0 ? 'Operation' : parameters.includes(tensor) ? 'Parameter' : 'InputLayer',
      outputShape: [1],
      params: parameters.includes(tensor) ? tensor.data.length : 0,
    })),
    edges: tensors.flatMap(({ name, inputs }) => inputs.map(input => ({ from: input.name, to: name }))),
  }
}
