// A net as programs of kernel calls over addresses: forward with and without dropout, and backward.
// Pure: the same plan gives the same words. What the calls do is in kernels/assembly.
import { type LayerPlan, type NetPlan, type ParameterPlan, sizeOf } from '../../model/plan.ts'
import { type Context, type Dropout, lowerLayer, TILE, throughGate, type Value } from './lower-layer.ts'
import type { MemoryPlan } from './memory-plan.ts'
import { call } from './program.ts'

const FLOAT_BYTES = 4

export interface Lowered {
  /** Rows in a row, each n float32: what callers write and read. Room for whole tiles. */
  features: number
  outputs: number
  outputGradient: number
  /** Of every parameter in the order of the plan: float32 from the start of the flat array. */
  parameters: readonly (ParameterPlan & { offset: number })[]
  /** Float32 in the flat array, a multiple of four. */
  parameterFloats: number
  /** Float32 that every share needs behind its gradient, from `scratchOf(parameterFloats)` on. */
  scratchFloats: number
  dropouts: readonly Dropout[]
  forward: readonly number[]
  /** Forward without dropout. */
  predict: readonly number[]
  backward: readonly number[]
}

interface Place {
  batchSize: number
  shares: number
  memory: MemoryPlan
  /** Where the flat array of parameters begins. */
  parametersAt: number
}

export function lower(plan: NetPlan, { batchSize, shares, memory, parametersAt }: Place): Lowered {
  const tiles = Math.ceil(batchSize / TILE)
  const layers = withActivationsInside(plan.layers)
  const parameters = placed(layers.flatMap(layer => layer.parameters))
  const places = new Map(parameters.map(({ name, offset }) => [name, offset * FLOAT_BYTES]))
  const lanes = (size: number): number => memory.take(tiles * TILE * size)
  const dropouts: Dropout[] = []
  const parameterFloats = floatsOf(parameters)
  let scratchFloats = 0
  const scratch = (floats: number): number => {
    scratchFloats = Math.max(scratchFloats, floats)
    return scratchOf(parameterFloats)
  }
  const shareTiles = Math.ceil(tiles / shares)
  const context: Context = { lanes, scratch, places, parametersAt, dropouts, shareTiles }

  const inputs = sizeOf(plan.inputShape)
  const features = memory.take(tiles * TILE * inputs)
  const outputs = memory.take(tiles * TILE * plan.outputs)
  const outputGradient = memory.take(tiles * TILE * plan.outputs)

  let x: Value = { y: lanes(inputs), dy: 0, size: inputs, gate: 'linear' }
  const forward = call('pack', features, x.y, inputs)
  const predict = [...forward]
  const backward: number[][] = []
  let learns = false
  for (const layer of layers) {
    learns ||= layer.parameters.length > 0
    const step = lowerLayer(layer, x, learns, context)
    forward.push(...step.forward)
    predict.push(...(step.predict ?? step.forward))
    backward.unshift(step.backward)
    x = step.y
  }
  const unpack = call('unpack', x.y, outputs, plan.outputs)
  const begin = learns ? [...call('pack', outputGradient, x.dy, plan.outputs), ...throughGate(x)] : []
  return {
    features,
    outputs,
    outputGradient,
    parameters,
    parameterFloats,
    scratchFloats,
    dropouts,
    forward: [...forward, ...unpack],
    predict: [...predict, ...unpack],
    backward: [...begin, ...backward.flat()],
  }
}

export function floatsOf(parameters: readonly ParameterPlan[]): number {
  const floats = parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  return Math.ceil(floats / 4) * 4
}

/** Bytes from the start of a share's gradient to its scratch. */
export const scratchOf = (parameterFloats: number): number => Math.ceil(parameterFloats / 16) * 64

function placed(parameters: readonly ParameterPlan[]): (ParameterPlan & { offset: number })[] {
  let offset = 0
  return parameters.map(parameter => {
    const at = offset
    offset += sizeOf(parameter.shape)
    return { ...parameter, offset: at }
  })
}

/** A layer without activation that an activation layer follows is the same as one with it, and costs one pass less. */
function withActivationsInside(layers: readonly LayerPlan[]): LayerPlan[] {
  const folded: LayerPlan[] = []
  for (const layer of layers) {
    const last = folded.at(-1)
    if (
      layer.kind === 'activation' &&
      (last?.kind === 'dense' || last?.kind === 'conv2d') &&
      last.activation === 'linear'
    )
      folded[folded.length - 1] = { ...last, activation: layer.activation }
    else folded.push(layer)
  }
  return folded
}
