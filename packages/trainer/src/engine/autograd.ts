// A net of dense layers, trained by the tensor library's tape on whatever backend is set.
// The weights live in our own arrays and are handed to the backend anew for each step. That is as fast as changing them in
// place on the wasm heap (6.5 ms an epoch of exercise 2 against 6.5 to 7.8, same machine, one after the other), needs no private
// door of the backend, and avoids a trap: XNNPACK caches packed weights by tensor id, so that a change in place is not seen.
// The tensor library's own RMSprop takes some 100 kernels a step, which more than doubles the time.
import * as tf from '@tensorflow/tfjs-core'
import type { RandomState } from '../random/random-state.ts'
import type { NamedNumbers } from '../state.ts'
import { type Activation, dense } from './dense.ts'
import { glorotUniform } from './glorot.ts'
import { type ErrorSums, meanSquaredError } from './mean-squared-error.ts'
import { createRmsprop, type Optimizer } from './rmsprop.ts'

export interface LayerShape {
  units: number
  activation: Activation
}

export interface Batch {
  rows: number
  /** rows × inputs, row-major */
  features: Float32Array
  labels: Float32Array
}

export interface DenseNet {
  /** One value per row. */
  predict(features: Float32Array, rows: number): Float32Array
  /** One step of RMSprop on one batch; the sums are those before the step. */
  step(batch: Batch): ErrorSums
  /** Our own arrays, by Keras's names: they change with every step. */
  weights: NamedNumbers
  moments: NamedNumbers
  /** To be called after `weights` were written from outside: the backend has its own copy. */
  weightsChanged(): void
  dispose(): void
}

interface Parameter {
  name: string
  values: Float32Array
  shape: number[]
  variable: tf.Variable
  optimizer: Optimizer
}

export function createDenseNet({
  inputs,
  layers,
  learningRate,
  random,
}: {
  inputs: number
  layers: readonly LayerShape[]
  learningRate: number
  random: RandomState
}): DenseNet {
  const parameter = (name: string, values: Float32Array, shape: number[]): Parameter => ({
    name,
    values,
    shape,
    variable: tf.tidy(() => tf.variable(tf.tensor(values, shape))),
    optimizer: createRmsprop(values.length, learningRate),
  })
  const widths = [inputs, ...layers.map(layer => layer.units)]
  const parameters = layers.flatMap(({ units }, i) => {
    const from = widths[i] as number
    const layer = denseName(i)
    return [
      parameter(`${layer}/kernel`, glorotUniform(random, from, units), [from, units]),
      parameter(`${layer}/bias`, new Float32Array(units), [units]),
    ]
  })
  const variables = parameters.map(({ variable }) => variable)

  const forward = (features: Float32Array, rows: number): tf.Tensor2D =>
    layers.reduce(
      (x, { activation }, i) =>
        dense(
          x,
          variables[2 * i] as tf.Tensor as tf.Tensor2D,
          variables[2 * i + 1] as tf.Tensor as tf.Tensor1D,
          activation,
        ),
      tf.tensor2d(features, [rows, inputs]),
    )

  return {
    predict: (features, rows) => tf.tidy(() => forward(features, rows).dataSync() as Float32Array),
    step({ features, labels, rows }) {
      let sums: ErrorSums = { rows: 0, squared: 0, absolute: 0 }
      tf.tidy(() => {
        const loss = () =>
          meanSquaredError(forward(features, rows), labels, found => {
            sums = found
          })
        const { grads } = tf.variableGrads(loss, variables)
        for (const parameter of parameters) {
          const gradient = (grads[parameter.variable.name] as tf.Tensor).dataSync()
          parameter.optimizer.apply(parameter.values, gradient)
          handOver(parameter)
        }
      })
      return sums
    },
    weights: Object.fromEntries(parameters.map(({ name, values }) => [name, values])),
    moments: Object.fromEntries(parameters.map(({ name, optimizer }) => [`${name}/rms`, optimizer.meanSquare])),
    weightsChanged: () => tf.tidy(() => parameters.forEach(handOver)),
    dispose: () => tf.dispose(variables),
  }
}

const handOver = ({ values, shape, variable }: Parameter): void => variable.assign(tf.tensor(values, shape))

/** As Keras counts layers of one kind: dense, dense_1, dense_2. */
export const denseName = (index: number): string => (index === 0 ? 'dense' : `dense_${index}`)
