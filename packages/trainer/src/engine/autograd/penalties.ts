// What the regularizers of a model's weights add to its loss: l1 · Σ|w| + l2 · Σw², of every weight that has one.
// The library's own calculateLosses() counts a layer twice that is called twice, which Keras does not, and leaves out recurrent layers,
// whose weights are their cells' (4.22, topology.js and recurrent.js; `losses` of keras/engine/base_layer.py).
import * as tf from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'

type Layer = layers.layers.Layer
type Penalty = () => tf.Scalar

export interface Penalties {
  /** No weight has a regularizer. */
  readonly none: boolean
  /** Of the weights of now, to be differentiated. Inside tf.tidy. */
  sum(): tf.Scalar
  /** The same as a number; 0 where there is none. */
  value(): number
}

export function penaltiesOf(model: layers.LayersModel): Penalties {
  const found = [...new Set([...layersWithin(model)].flatMap(layer => layer.losses as Penalty[]))]
  const sum = (): tf.Scalar => found.reduce<tf.Scalar>((total, penalty) => tf.add(total, penalty()), tf.scalar(0))
  return {
    none: found.length === 0,
    sum,
    value: () => (found.length === 0 ? 0 : tf.tidy(() => sum().dataSync()[0] as number)),
  }
}

/** The layer, and all that it is made of: layers of a model, the one that a wrapper wraps, cells. */
function layersWithin(layer: Layer, seen = new Set<Layer>()): Set<Layer> {
  if (seen.has(layer)) return seen
  seen.add(layer)
  for (const part of Object.values(layer).flat()) if (part instanceof layers.layers.Layer) layersWithin(part, seen)
  return seen
}
