// What a built model says of itself: names of its weights, Keras's summary(), Keras's to_json().
import type * as layers from '@tensorflow/tfjs-layers'
import type { Activation } from '@trotline/contracts'
import { TrainerError } from '../../errors.ts'
import type { LayerSummary } from '../engine.ts'
import { putFinalActivation } from './final-layer.ts'

/** In the order of the layers, by the names under which the library loads them again. */
export function namedWeights(model: layers.LayersModel): Map<string, layers.LayerVariable> {
  const named = new Map<string, layers.LayerVariable>()
  for (const layer of model.layers)
    for (const weight of layer.weights) {
      if (named.has(weight.originalName))
        throw new TrainerError('TRAIN_BAD_MODEL', `Two weights of the model are called ${weight.originalName}.`)
      named.set(weight.originalName, weight)
    }
  return named
}

/** Without the inputs, as Keras shows a Sequential model. */
export const summaryOf = (model: layers.LayersModel): LayerSummary[] =>
  model.layers
    .filter(layer => layer.getClassName() !== 'InputLayer')
    .map(layer => ({
      name: layer.name,
      type: layer.getClassName(),
      outputShape: (layer.outputShape as layers.Shape).slice(1) as number[],
      params: layer.countParams(),
    }))

export function topologyOf(model: layers.LayersModel, finalActivation: Activation): Record<string, unknown> {
  const topology = model.toJSON(null, false) as Record<string, unknown>
  putFinalActivation(topology, finalActivation)
  return topology
}
