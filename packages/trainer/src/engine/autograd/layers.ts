// Three layers of the tensor library as this trainer needs them, under the library's own names, so that topologies find them:
// dropout whose masks come from our generator, batch normalization that trains without scale or center, and a flatten of rows.
import * as tf from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import type { RandomState } from '../../random/random-state.ts'

type Kwargs = Record<string, unknown>

let masks: RandomState | null = null

/** Whatever dropout does while `run` runs is drawn from `random`. */
export function masksFrom<T>(random: RandomState, run: () => T): T {
  masks = random
  try {
    return run()
  } finally {
    masks = null
  }
}

/** The rule is EngineOptions.random's. */
class Dropout extends layers.layers.Layer {
  static readonly className = 'Dropout'
  readonly rate: number

  constructor(config: { rate: number }) {
    super(config as object)
    this.rate = config.rate
    this.supportsMasking = true
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    const input = one(inputs)
    if (kwargs.training !== true) return input
    if (masks === null) throw new TypeError('dropout trains only inside masksFrom()')
    const kept = Float32Array.from(masks.rand(input.size), drawn => (drawn >= this.rate ? 1 : 0))
    return tf.tidy(() => tf.div(tf.mul(input, tf.tensor(kept, input.shape)), 1 - this.rate))
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate }
  }
}

interface Parameter {
  read(): tf.Tensor
}
interface LibraryBatchNormalization extends layers.layers.Layer {
  gamma?: Parameter | undefined
  beta?: Parameter | undefined
}

// The class itself is not exported.
const Library = layers.layers.batchNormalization({}).constructor as new (config: object) => LibraryBatchNormalization

class BatchNormalization extends Library {
  static readonly className = 'BatchNormalization'

  // In training the library reads gamma and beta whether they were made or not (4.22, normalization.js, call).
  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor | tf.Tensor[] {
    // Frozen it keeps its statistics, as in Keras. https://keras.io/api/layers/normalization_layers/batch_normalization
    if (!this.trainable) return super.call(inputs, { ...kwargs, training: false })
    if (kwargs.training !== true || (this.gamma && this.beta)) return super.call(inputs, kwargs)
    const { axis } = this.getConfig() as { axis: number }
    const channels = one(inputs).shape.at(axis) as number
    const { gamma, beta } = this
    return tf.tidy(() => {
      this.gamma ??= constant(tf.ones([channels]))
      this.beta ??= constant(tf.zeros([channels]))
      try {
        return super.call(inputs, kwargs)
      } finally {
        this.gamma = gamma
        this.beta = beta
      }
    })
  }
}

// The library refuses rows, of which Keras's Flatten and our plans make what they are.
const LibraryFlatten = layers.layers.flatten().constructor as new (config: object) => layers.layers.Layer

class Flatten extends LibraryFlatten {
  static readonly className = 'Flatten'

  constructor(config: object) {
    super(config)
    this.inputSpec = [new layers.InputSpec({ minNDim: 2 })]
  }
}

const constant = (value: tf.Tensor): Parameter => ({ read: () => value })

const one = (inputs: tf.Tensor | tf.Tensor[]): tf.Tensor => (Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs)

/** To be called before a model is built; as often as one likes. */
export function registerLayers(): void {
  for (const layer of [Dropout, BatchNormalization, Flatten])
    tf.serialization.registerClass(layer as unknown as tf.serialization.SerializableConstructor<Dropout>)
}
