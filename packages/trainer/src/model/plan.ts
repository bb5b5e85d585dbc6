// A net with every shape known and every default filled in: what engines are built from. Pure arithmetic, as Keras does it.
import type { Activation, Initializer, Layer } from '@trotline/contracts'
import { TrainerError } from '../errors.ts'

/** Height and width. */
export type Pair = readonly [number, number]

export interface ParameterPlan {
  /** Keras's: `dense_1/kernel`. */
  name: string
  shape: readonly number[]
  initializer: Initializer
  /** Of one output and of one input: what the initializers scale by. */
  fanIn: number
  fanOut: number
}

interface Common {
  name: string
  /** Without the batch: [features] or [height, width, channels]. */
  inputShape: readonly number[]
  outputShape: readonly number[]
  parameters: readonly ParameterPlan[]
}

/** Zeros on each side, as TensorFlow's "same" has them: the odd one comes last. */
export interface Edges {
  top: number
  bottom: number
  left: number
  right: number
}

interface Window {
  size: Pair
  strides: Pair
  edges: Edges
}

export type LayerPlan = Common &
  (
    | { kind: 'dense'; units: number; activation: Activation; useBias: boolean }
    | { kind: 'conv2d'; filters: number; window: Window; activation: Activation; useBias: boolean }
    | { kind: 'maxPooling2d' | 'averagePooling2d'; window: Window }
    | { kind: 'flatten' }
    | { kind: 'dropout'; rate: number }
    | { kind: 'activation'; activation: Activation }
    | { kind: 'batchNormalization'; momentum: number; epsilon: number; center: boolean; scale: boolean }
  )

export interface NetPlan {
  inputShape: readonly number[]
  layers: readonly LayerPlan[]
  /** Numbers that the net gives for one row. */
  outputs: number
}

/** What a layer of the request is, less those that only the tensor library knows. */
export type PlannedLayer = Exclude<Layer, { kind: 'tfjs' }>

/** @throws TrainerError TRAIN_BAD_MODEL naming the layer that does not fit what comes before it */
export function planNet(layers: readonly PlannedLayer[], inputShape: readonly number[]): NetPlan {
  const names = layerNames(layers)
  const planned: LayerPlan[] = []
  let shape = inputShape
  layers.forEach((layer, i) => {
    const plan = planLayer(layer, names[i] as string, shape, i)
    planned.push(plan)
    shape = plan.outputShape
  })
  return { inputShape, layers: planned, outputs: sizeOf(shape) }
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1)

/** Values a row that are learned or kept: Keras's "Param #". */
export const paramsOf = ({ parameters }: Pick<LayerPlan, 'parameters'>): number =>
  parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0)

const KERAS_NAMES: Record<Layer['kind'], string> = {
  dense: 'dense',
  conv2d: 'conv2d',
  maxPooling2d: 'max_pooling2d',
  averagePooling2d: 'average_pooling2d',
  flatten: 'flatten',
  dropout: 'dropout',
  activation: 'activation',
  batchNormalization: 'batch_normalization',
  tfjs: 'layer',
}

/** As Keras counts layers of one kind: dense, dense_1, dense_2. A given name must be the only one of its kind. */
export function layerNames(layers: readonly Layer[]): string[] {
  const counts = new Map<string, number>()
  const taken = new Set<string>()
  return layers.map((layer, i) => {
    const base = KERAS_NAMES[layer.kind]
    const count = counts.get(base) ?? 0
    counts.set(base, count + 1)
    const name = layer.name ?? (count === 0 ? base : `${base}_${count}`)
    if (taken.has(name)) throw badLayer(i, name, 'has the name of an earlier layer')
    taken.add(name)
    return name
  })
}

/** @param index from 0 */
export const badLayer = (index: number, name: string, why: string): TrainerError =>
  new TrainerError('TRAIN_BAD_MODEL', `Layer ${index + 1} (${name}) ${why}.`, { details: { layer: index, name } })

export function planLayer(layer: PlannedLayer, name: string, inputShape: readonly number[], index: number): LayerPlan {
  const bad = (why: string): TrainerError => badLayer(index, name, why)
  const common = { name, inputShape, parameters: [] as ParameterPlan[] }
  const parameter = (
    key: string,
    shape: readonly number[],
    initializer: Initializer,
    fans: readonly [number, number],
  ) => ({
    name: `${name}/${key}`,
    shape,
    initializer,
    fanIn: fans[0],
    fanOut: fans[1],
  })
  switch (layer.kind) {
    case 'dense': {
      if (inputShape.length !== 1)
        throw bad(`wants a row of numbers and is given ${textOf(inputShape)}: put a flatten layer before it`)
      const { units, activation, useBias, kernelInitializer, biasInitializer } = layer
      const inputs = inputShape[0] as number
      const parameters = [parameter('kernel', [inputs, units], kernelInitializer, [inputs, units])]
      // Keras scales a bias by its own length, which matters to nobody who starts it with zeros.
      if (useBias) parameters.push(parameter('bias', [units], biasInitializer, [units, units]))
      return { ...common, kind: 'dense', units, activation, useBias, outputShape: [units], parameters }
    }
    case 'conv2d': {
      const [height, width, channels] = imageShape(inputShape, bad)
      const { filters, activation, useBias, kernelInitializer, biasInitializer } = layer
      const { window, outputShape } = slide(
        layer,
        [height, width],
        pairOf(layer.kernelSize),
        pairOf(layer.strides),
        bad,
      )
      const [kernelHeight, kernelWidth] = window.size
      const field = kernelHeight * kernelWidth
      const parameters = [
        parameter('kernel', [kernelHeight, kernelWidth, channels, filters], kernelInitializer, [
          field * channels,
          field * filters,
        ]),
      ]
      if (useBias) parameters.push(parameter('bias', [filters], biasInitializer, [filters, filters]))
      return {
        ...common,
        kind: 'conv2d',
        filters,
        window,
        activation,
        useBias,
        outputShape: [...outputShape, filters],
        parameters,
      }
    }
    case 'maxPooling2d':
    case 'averagePooling2d': {
      const [height, width, channels] = imageShape(inputShape, bad)
      const size = pairOf(layer.poolSize)
      const strides = layer.strides === null ? size : pairOf(layer.strides)
      const { window, outputShape } = slide(layer, [height, width], size, strides, bad)
      return { ...common, kind: layer.kind, window, outputShape: [...outputShape, channels] }
    }
    case 'flatten':
      return { ...common, kind: 'flatten', outputShape: [sizeOf(inputShape)] }
    case 'dropout':
      return { ...common, kind: 'dropout', rate: layer.rate, outputShape: inputShape }
    case 'activation':
      return { ...common, kind: 'activation', activation: layer.activation, outputShape: inputShape }
    case 'batchNormalization': {
      const { momentum, epsilon, center, scale } = layer
      const channels = inputShape.at(-1) as number
      const each = (key: string, initializer: Initializer) =>
        parameter(key, [channels], initializer, [channels, channels])
      const parameters = [
        ...(scale ? [each('gamma', 'ones')] : []),
        ...(center ? [each('beta', 'zeros')] : []),
        each('moving_mean', 'zeros'),
        each('moving_variance', 'ones'),
      ]
      return {
        ...common,
        kind: 'batchNormalization',
        momentum,
        epsilon,
        center,
        scale,
        outputShape: inputShape,
        parameters,
      }
    }
  }
}

export const pairOf = (value: number | readonly [number, number]): Pair =>
  typeof value === 'number' ? [value, value] : value

const textOf = (shape: readonly number[]): string => `[${shape.join(', ')}]`

function imageShape(shape: readonly number[], bad: (why: string) => TrainerError): readonly [number, number, number] {
  if (shape.length !== 3) throw bad(`wants images [height, width, channels] and is given ${textOf(shape)}`)
  return shape as unknown as readonly [number, number, number]
}

/** Where a window stops on each axis. https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2 */
function slide(
  { padding }: { padding: 'valid' | 'same' },
  [height, width]: Pair,
  size: Pair,
  strides: Pair,
  bad: (why: string) => TrainerError,
): { window: Window; outputShape: Pair } {
  const axis = (length: number, window: number, stride: number) => {
    if (padding === 'valid') return { stops: Math.floor((length - window) / stride) + 1, before: 0, after: 0 }
    const stops = Math.ceil(length / stride)
    const zeros = Math.max(0, (stops - 1) * stride + window - length)
    return { stops, before: Math.floor(zeros / 2), after: Math.ceil(zeros / 2) }
  }
  const vertical = axis(height, size[0], strides[0])
  const horizontal = axis(width, size[1], strides[1])
  if (vertical.stops < 1 || horizontal.stops < 1)
    throw bad(`has a window of ${size[0]} × ${size[1]}, larger than its input of ${height} × ${width}`)
  const edges = { top: vertical.before, bottom: vertical.after, left: horizontal.before, right: horizontal.after }
  return { window: { size, strides, edges }, outputShape: [vertical.stops, horizontal.stops] }
}
