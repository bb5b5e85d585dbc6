// The shape of its rows that a model states for itself, in the JSON of its first layer: Keras's input_shape and batch_input_shape.
// Pure JSON, no tensors.
import { isContainer, type KerasObject, layersOf } from './keras-json.ts'

/** null in it: any number. */
export type StatedShape = readonly (number | null)[]

/** The layer that is given the rows, of a layer or a model; undefined where a functional model names none. */
export function inputLayer(object: KerasObject): KerasObject | undefined {
  if (!isContainer(object)) return object
  const all = layersOf(object)
  const inputs = object.config.inputLayers as unknown[][] | undefined
  const first = object.className === 'Sequential' ? all[0] : all.find(layer => layer.config.name === inputs?.[0]?.[0])
  return first && inputLayer(first)
}

/** Without the batch; undefined where the layer states none. */
export function statedShape({ config }: KerasObject): StatedShape | undefined {
  if (Array.isArray(config.batchInputShape)) return (config.batchInputShape as StatedShape).slice(1)
  return Array.isArray(config.inputShape) ? (config.inputShape as StatedShape) : undefined
}

export const takes = (stated: StatedShape, shape: readonly number[]): boolean =>
  stated.length === shape.length && stated.every((side, i) => side === null || side === shape[i])
