// Every weight of a tensor library's model starts with numbers drawn from our generator: by our own formulas, which all engines
// share, where the initializer is one of those; else by the library's formula with a seed that we drew.

import * as tf from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import type { Initializer } from '@trotline/contracts'
import { initialWeights } from '../../model/initial-weights.ts'
import type { RandomState } from '../../random/random-state.ts'
import { orthogonal } from './orthogonal.ts'

/** What the library calls when a layer makes a weight. */
type AddWeight = (
  this: layers.layers.Layer,
  name: string,
  shape: number[],
  dtype?: tf.DataType,
  initializer?: LibraryInitializer,
  ...rest: unknown[]
) => layers.LayerVariable

interface LibraryInitializer {
  apply(shape: number[], dtype?: tf.DataType): tf.Tensor
  getClassName(): string
  getConfig(): Record<string, unknown>
  seed?: number | null
}

/**
 * Runs `build` so that every weight made in it starts as said above, in the order in which they are made.
 * @param planned initializers by the weight's name, where the library's own does not say all
 */
export function startingFrom<T>(random: RandomState, planned: ReadonlyMap<string, Initializer>, build: () => T): T {
  // The one door through which every layer's weights pass; putting it back is all that the process sees of this.
  const prototype = layers.layers.Layer.prototype as unknown as { addWeight: AddWeight }
  const { addWeight } = prototype
  prototype.addWeight = function (name, shape, dtype, initializer, ...rest) {
    const known = planned.get(`${this.name}/${name}`)
    const draw = known === undefined ? initializer && drawOf(initializer) : drawBy(known)
    if (!draw) seedAll(this, random)
    const used = draw ? { apply: () => tf.tensor(draw(shape, random), shape) } : initializer
    return addWeight.call(this, name, shape, dtype, used as LibraryInitializer, ...rest)
  }
  try {
    return build()
  } finally {
    prototype.addWeight = addWeight
  }
}

type Draw = (shape: readonly number[], random: RandomState) => Float32Array

const drawBy =
  (initializer: Initializer): Draw =>
  (shape, random) => {
    const [fanIn, fanOut] = fansOf(shape)
    return initialWeights([{ name: 'start', shape, initializer, fanIn, fanOut }], random).start as Float32Array
  }

/** Keras's compute_fans: the last two sides are inputs and outputs, those before them the receptive field. */
function fansOf(shape: readonly number[]): readonly [number, number] {
  if (shape.length < 2) return [shape[0] ?? 1, shape[0] ?? 1]
  const field = shape.slice(0, -2).reduce((product, side) => product * side, 1)
  return [field * (shape.at(-2) as number), field * (shape.at(-1) as number)]
}

/** null: none of ours, or one with a seed that the request gave. */
function drawOf(initializer: LibraryInitializer): Draw | null {
  // The library takes 0 for "no seed".
  if (initializer.seed) return null
  const config = initializer.getConfig()
  switch (initializer.getClassName()) {
    case 'Zeros':
      return drawBy('zeros')
    case 'Ones':
      return drawBy('ones')
    case 'Constant':
      return drawBy({ kind: 'constant', value: config.value as number })
    case 'RandomUniform':
      return drawBy({ kind: 'randomUniform', minval: config.minval as number, maxval: config.maxval as number })
    case 'RandomNormal':
      return drawBy({ kind: 'randomNormal', mean: config.mean as number, stddev: config.stddev as number })
    // Glorot's, He's and LeCun's too: the library has them as scalings of variance.
    case 'VarianceScaling':
      return drawBy({
        kind: 'varianceScaling',
        scale: config.scale as number,
        mode: config.mode as 'fanIn',
        // What it calls normal is truncated, as in Keras.
        distribution: config.distribution === 'uniform' ? 'uniform' : 'truncatedNormal',
      })
    case 'Orthogonal':
      return (shape, random) => orthogonal(shape, (config.gain as number | undefined) ?? 1, random)
    default:
      return null
  }
}

// A recurrent layer hides an initializer inside another, so every one that hangs on the layer gets its seed.
function seedAll(layer: object, random: RandomState): void {
  for (const value of Object.values(layer)) {
    const initializer = value as LibraryInitializer | null
    if (typeof initializer === 'object' && initializer !== null && 'seed' in initializer && 'apply' in initializer)
      initializer.seed ||= 1 + random.interval(0x7fff_fffd)
  }
}
