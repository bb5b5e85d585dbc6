// What this engine can be given, and what is known of it without the tensor library: enough to choose a backend and a loss.
import type { Activation, Layer, Net } from '@trotline/contracts'
import { finalActivation } from '../../model/final-activation.ts'
import type { LayerPlan, NetPlan } from '../../model/plan.ts'
import { finalLayers, lastActivation, takeFinalActivation } from './final-layer.ts'
import { objectsIn, readLayer, readTopology } from './keras-json.ts'
import { inputLayer, type StatedShape, statedShape, takes } from './stated-input.ts'

export type AutogradModel =
  | { plan: NetPlan }
  /** With layers that only the tensor library knows. */
  | { layers: readonly Layer[]; inputShape: readonly number[] }
  | { topology: Readonly<Record<string, unknown>>; inputShape: readonly number[] }

export interface ModelDescription {
  /** What the head applies to the engine's outputs. */
  finalActivation: Activation
  /** The last activation, which stays in the net where flatten, reshape or dropout come behind it. */
  ends: Activation
  /** The cpu backend is no place for it. */
  convolutions: boolean
}

/** @throws TrainerError TRAIN_BAD_MODEL where a topology is none */
export function describeModel(model: AutogradModel): ModelDescription {
  if ('plan' in model)
    return {
      finalActivation: finalActivation(model.plan),
      ends: lastActivation(model.plan.layers.map(layer => ending(layer))),
      convolutions: model.plan.layers.some(layer => layer.kind === 'conv2d'),
    }
  if ('topology' in model) {
    const topology = readTopology(model.topology)
    return {
      convolutions: [...objectsIn(topology)].some(({ className }) => CONVOLUTION.test(className)),
      ends: lastActivation(finalLayers(topology)),
      finalActivation: takeFinalActivation(topology),
    }
  }
  const last = model.layers.at(-1) as Layer
  return {
    ends: lastActivation(model.layers.map(ending)),
    finalActivation: takeFinalActivation({ className: 'Sequential', config: { layers: [ending(last)] } }),
    convolutions: model.layers.some(
      layer => layer.kind === 'conv2d' || (layer.kind === 'tfjs' && CONVOLUTION.test(layer.className)),
    ),
  }
}

/**
 * The shape of the data's rows as the model takes them. Data of [rows, a, b] are images of one channel, [a, b, 1], unless the model
 * itself states [a, b]: then they are series of a steps, for a recurrent layer or a Conv1D.
 * @throws TrainerError TRAIN_BAD_MODEL where a topology is none
 */
export function inputShapeOf(model: Net, shape: readonly number[]): readonly number[] {
  const series = shape.slice(0, -1)
  if (shape.length < 2 || shape.at(-1) !== 1) return shape
  const stated = statedByModel(model)
  return stated !== undefined && takes(stated, series) ? series : shape
}

function statedByModel(model: Net): StatedShape | undefined {
  if ('topology' in model) {
    const first = inputLayer(readTopology(model.topology))
    return first && statedShape(first)
  }
  const [first] = model.layers
  return first?.kind === 'tfjs' ? statedShape(readLayer(first.className, first.config, 'layer')) : undefined
}

/** DepthwiseConv2D, SeparableConv2D, ConvLSTM2D … */
const CONVOLUTION = /Conv/

function ending(layer: Layer | LayerPlan): Record<string, unknown> {
  if (layer.kind === 'tfjs') return readLayer(layer.className, layer.config, layer.name ?? 'layer')
  if (layer.kind === 'flatten' || layer.kind === 'dropout') return { className: 'Flatten', config: {} }
  return { className: 'Activation', config: { activation: 'activation' in layer ? layer.activation : 'linear' } }
}
