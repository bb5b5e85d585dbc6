// From a request to a training that is ready for its first batch: data, net, loss, backend and engine, in the order in which each
// decides on the next. What the engines do not share is loaded only for the one that is taken.
import type { Layer, ModelTraining } from '@trotline/contracts'
import { type Chosen, openBackend } from '../backends.ts'
import { openTrainingData, shapedAs } from '../data/training-data.ts'
import { type AutogradModel, describeModel, inputShapeOf } from '../engine/autograd/model.ts'
import type { EngineNet, EngineOptions } from '../engine/engine.ts'
import { whyNotSimd } from '../engine/simd/why-not.ts'
import { type PlannedLayer, planNet } from '../model/plan.ts'
import { RandomState } from '../random/random-state.ts'
import type { Trainable } from '../trainable.ts'
import { compile } from './compile.ts'
import { createModelTraining } from './model-training.ts'

/** Where it trains. */
export interface Place {
  /** GPUs of the allocation. More than 0: a rung without a GPU is a failure (`incompatible-node`), never a silent slide. */
  gpus: number
  /** CPUs of the allocation: as many threads may work on the shares of a batch. */
  cpus: number
  /** The folder that holds every file of ASSETS. */
  assets: { directory: string }
  /** Looked at while the data is opened and before every batch; the event loop gets a turn at least every 50 ms, on every backend. */
  signal: AbortSignal
  /** Called once, as soon as it is known: of a model, when its data has been opened, because its shape decides on the engine. */
  onBackend(chosen: { backend: string; engine: string; skipped: { backend: string; why: string }[] }): void
}

/**
 * @throws TrainerError TRAIN_BAD_DATA, TRAIN_DATA_UNREADABLE, TRAIN_BAD_MODEL, TRAIN_TOO_LARGE, BACKEND_UNAVAILABLE
 * @throws Stopped where the signal is aborted before the data is open
 */
export async function prepareModel(
  training: ModelTraining,
  { gpus, cpus, assets, signal, onBackend }: Place,
): Promise<{ trainable: Trainable; chosen: Chosen }> {
  const { batchSize, shares, optimizer, backend: want } = training
  const opened = await openTrainingData(training, assets, signal)
  try {
    const data = shapedAs(inputShapeOf(training.model, opened.train.shape), opened)
    const model = modelOf(training, data.train.shape)
    const { finalActivation, ends, convolutions } = describeModel(model)
    const engines = { whyNotSimd: whyNotSimdModel(model, training), convolutions }
    const chosen = await openBackend({ want, gpus, engines, assets })
    onBackend(structuredClone(chosen))
    const random = new RandomState(training.seed)
    const net = await createNet(chosen, model, { optimizer, batchSize, random, shares, threads: cpus, assets })
    // As the tutorial seeds anew before each use: the order of the rows and the masks of dropout do not depend on how many weights
    // the start drew, so that two nets of one seed see the same batches.
    random.seed(training.seed)
    try {
      const compiled = compile(training, { outputs: net.outputs, activation: finalActivation, ends }, data.train)
      const dispose = (): void => {
        net.dispose()
        data.close()
      }
      return { chosen, trainable: createModelTraining({ training, data, net, compiled, random, dispose }) }
    } catch (error) {
      net.dispose()
      throw error
    }
  } catch (error) {
    opened.close()
    throw error
  }
}

async function createNet({ engine }: Chosen, model: AutogradModel, options: EngineOptions): Promise<EngineNet> {
  if (engine === 'simd' && 'plan' in model)
    return (await import('../engine/simd/net.ts')).createSimdNet(model.plan, options)
  return (await import('../engine/autograd/net.ts')).createAutogradNet(model, options)
}

/** The end of a sentence; null: our own kernels can train it. */
function whyNotSimdModel(model: AutogradModel, { batchSize, shares }: ModelTraining): string | null {
  if ('plan' in model) return whyNotSimd(model.plan, batchSize, shares)
  return 'topology' in model
    ? 'the net is a whole topology, which the tensor library alone reads'
    : 'the net has a layer that only the tensor library knows'
}

function modelOf({ model }: ModelTraining, inputShape: readonly number[]): AutogradModel {
  if ('topology' in model) return { topology: model.topology, inputShape }
  return model.layers.every(isPlanned)
    ? { plan: planNet(model.layers as PlannedLayer[], inputShape) }
    : { layers: model.layers, inputShape }
}

const isPlanned = (layer: Layer): layer is PlannedLayer => layer.kind !== 'tfjs'
