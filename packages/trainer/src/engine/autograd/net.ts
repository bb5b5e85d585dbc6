// A net on the tensor library, on whatever backend is set: any layer that the library has, trained by its tape and our own loop.
// Weights and moments live on the backend; what `weights` and `moments` give are copies, brought up to date when they are asked for.
import * as tf from '@tensorflow/tfjs-core'
import type * as layers from '@tensorflow/tfjs-layers'
import type { Activation } from '@trotline/contracts'
import { said, TrainerError } from '../../errors.ts'
import { sizeOf } from '../../model/plan.ts'
import { RandomState } from '../../random/random-state.ts'
import type { EngineNet, EngineOptions, Head } from '../engine.ts'
import { buildModel } from './build.ts'
import { createCopies } from './copies.ts'
import { supplyCpuKernels } from './cpu-kernels.ts'
import { namedWeights, summaryOf, topologyOf } from './described-model.ts'
import { masksFrom } from './layers.ts'
import type { AutogradModel } from './model.ts'
import { createStepper } from './optimizers.ts'
import { penaltiesOf } from './penalties.ts'
import { supplyTensorflowKernels } from './tensorflow-kernels.ts'
import { supplyWasmKernels } from './wasm/supply.ts'

export interface AutogradNet extends EngineNet {
  /** The net's own last activation, which `outputs` are before. */
  readonly finalActivation: Activation
}

/** Predicted at once: the activations of a whole data set would not fit. */
const PREDICTED_ROWS = 256

/**
 * The backend must be set.
 * @throws TrainerError TRAIN_BAD_MODEL where the library cannot build the model, or has no gradient of it on this backend
 */
export function createAutogradNet(given: AutogradModel, { optimizer, random }: EngineOptions): AutogradNet {
  if (tf.getBackend() === 'wasm') supplyWasmKernels()
  if (tf.getBackend() === 'cpu') supplyCpuKernels()
  if (tf.getBackend() === 'tensorflow') supplyTensorflowKernels()
  const { model, inputShape, outputs, finalActivation } = buildModel(given, random)
  const inputs = sizeOf(inputShape)
  const weights = [...namedWeights(model)]
  // Not weight.trainable: the library leaves that true in a layer that is frozen.
  const learned = new Set(model.trainableWeights)
  const trained = weights.filter(([, weight]) => learned.has(weight))
  if (trained.length === 0) throw new TrainerError('TRAIN_BAD_MODEL', 'The model has no weight to train.')
  const variables = trained.map(([, weight]) => variableOf(weight))
  const penalties = penaltiesOf(model)

  const forward = (features: Float32Array, rows: number, training: boolean): tf.Tensor =>
    model.apply(tf.tensor(features.subarray(0, rows * inputs), [rows, ...inputShape]), { training }) as tf.Tensor

  /** Of one batch, by the weights' names. Inside tf.tidy. */
  function gradientsOf(features: Float32Array, rows: number, head: Head): Map<string, tf.Tensor> {
    const loss = (): tf.Scalar => {
      const ofHead = headOf(forward(features, rows, true), head)
      return penalties.none ? ofHead : tf.add(ofHead, penalties.sum())
    }
    const { grads } = tf.variableGrads(loss, variables)
    const found = trained.map(([name], i) => [name, grads[(variables[i] as tf.Variable).name]] as const)
    return new Map(found.filter((pair): pair is [string, tf.Tensor] => Boolean(pair[1])))
  }

  const stepper = createStepper(
    optimizer,
    trained.map(([name, weight]) => ({
      name,
      shape: weight.shape as number[],
      read: () => weight.read(),
      // The library's own door, behind which a layer's constraint is applied.
      write: value => void weight.write(value),
    })),
  )
  const copies = {
    weights: createCopies(weights.map(([name, weight]) => [name, variableOf(weight)])),
    moments: createCopies([...stepper.moments]),
  }

  // A gradient that is missing would be found out in the first step; here it is the model's fault, in words.
  function proveGradients(): void {
    copies.weights.read()
    try {
      masksFrom(new RandomState(0), () => tf.tidy(() => void gradientsOf(new Float32Array(2 * inputs), 2, () => {})))
    } catch (cause) {
      const why = `The tensor library cannot train this model on its backend ${tf.getBackend()}: ${said(cause)}.`
      throw new TrainerError('TRAIN_BAD_MODEL', why, { cause })
    }
    // Moving means have moved.
    copies.weights.write()
  }
  proveGradients()

  return {
    finalActivation,
    outputs,
    shapes: Object.fromEntries(weights.map(([name, weight]) => [name, weight.shape as number[]])),
    summary: summaryOf(model),
    topology: topologyOf(model, finalActivation),
    get weights() {
      return copies.weights.read()
    },
    get moments() {
      return { ...copies.moments.read(), ...stepper.scalars }
    },
    step(features, rows, head, learningRate) {
      copies.weights.outdate()
      copies.moments.outdate()
      masksFrom(random, () => tf.tidy(() => stepper.step(gradientsOf(features, rows, head), learningRate)))
    },
    predict(features, rows) {
      const predicted = new Float32Array(rows * outputs)
      for (let from = 0; from < rows; from += PREDICTED_ROWS) {
        const count = Math.min(PREDICTED_ROWS, rows - from)
        tf.tidy(() => predicted.set(forward(features.subarray(from * inputs), count, false).dataSync(), from * outputs))
      }
      return predicted
    },
    penalty: penalties.value,
    stateChanged() {
      copies.weights.write()
      copies.moments.write()
    },
    dispose() {
      stepper.dispose()
      model.dispose()
    },
  }
}

const variableOf = (weight: layers.LayerVariable): tf.Variable => weight.read() as tf.Variable

/** As a loss of the library: 0, with the head's gradient. Outputs are read back once, for loss and gradient both. */
function headOf(outputs: tf.Tensor, head: Head): tf.Scalar {
  const differentiable = tf.customGrad(input => {
    const { shape } = input as tf.Tensor
    const values = (input as tf.Tensor).dataSync<'float32'>()
    const gradient = new Float32Array(values.length)
    head(values, gradient)
    return { value: tf.scalar(0), gradFunc: () => tf.tensor(gradient, shape) }
  })
  return differentiable(outputs) as tf.Scalar
}
