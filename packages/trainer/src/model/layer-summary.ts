// What Keras's model.summary() tells of a planned net.
import type { LayerSummary } from '../engine/engine.ts'
import { type LayerPlan, type NetPlan, paramsOf } from './plan.ts'

export const KERAS_CLASSES: Readonly<Record<LayerPlan['kind'], string>> = {
  dense: 'Dense',
  conv2d: 'Conv2D',
  maxPooling2d: 'MaxPooling2D',
  averagePooling2d: 'AveragePooling2D',
  flatten: 'Flatten',
  dropout: 'Dropout',
  activation: 'Activation',
  batchNormalization: 'BatchNormalization',
}

export const summaryOf = ({ layers }: NetPlan): LayerSummary[] =>
  layers.map(layer => ({
    name: layer.name,
    type: KERAS_CLASSES[layer.kind],
    outputShape: layer.outputShape,
    params: paramsOf(layer),
  }))

/** Of every parameter, by name, in the order of the layers. */
export const shapesOf = ({ layers }: NetPlan): Record<string, readonly number[]> =>
  Object.fromEntries(layers.flatMap(layer => layer.parameters.map(({ name, shape }) => [name, shape])))
