// The activation that a net ends with belongs to the loss: softmax with cross-entropy, or sigmoid with binary cross-entropy, has an
// exact gradient only as one function. So engines stop before it, and the head above them applies it.
import type { Activation } from '@trotline/contracts'
import { type LayerPlan, type NetPlan, sizeOf } from './plan.ts'

/** What the head applies to the outputs of `withoutFinalActivation(plan)`; `linear` where the net does not end with one. */
export function finalActivation({ layers }: NetPlan): Activation {
  const last = layers.at(-1)
  return last === undefined || !ends(last) ? 'linear' : last.activation
}

/** The same net with `linear` in place of its final activation: what an engine computes. Layers and names stay. */
export function withoutFinalActivation(plan: NetPlan): NetPlan {
  const last = plan.layers.at(-1)
  if (last === undefined || !ends(last)) return plan
  return { ...plan, layers: [...plan.layers.slice(0, -1), { ...last, activation: 'linear' }] }
}

type Activated = Extract<LayerPlan, { activation: Activation }>

// Softmax over the channels of an image with several positions is not softmax over the row, which is all that the head knows.
function ends(layer: LayerPlan): layer is Activated {
  if (!('activation' in layer)) return false
  return layer.activation !== 'softmax' || layer.outputShape.at(-1) === sizeOf(layer.outputShape)
}
