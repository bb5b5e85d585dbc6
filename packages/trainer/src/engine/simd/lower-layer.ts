// One layer as kernel calls: forward, and back to the gradients of its parameters and its input. What the calls do is in
// kernels/assembly; their words are named there beside each operation.
import type { Activation } from '@trotline/contracts'
import { type LayerPlan, sizeOf } from '../../model/plan.ts'
import { ACTIVATION_KINDS, call, type SimdActivation } from './program.ts'

/** Four images, a v128 a value. */
export const TILE = 4
const VALUE_BYTES = 16

export interface Dropout {
  rate: number
  /** Of the mask, [tile][value][4 images]. */
  at: number
  /** Values of one row. */
  size: number
}

/** The outputs of a layer. */
export interface Value {
  y: number
  /** Of its gradient; 0: nothing below it learns. */
  dy: number
  /** Values of one row. */
  size: number
  /** The activation that made it and whose derivative its gradient still lacks. */
  gate: SimdActivation
}

export interface Step {
  y: Value
  forward: number[]
  predict?: number[]
  backward: number[]
}

export interface Context {
  /** Address for so many values of every row of a batch. */
  lanes(size: number): number
  /** Bytes from a share's gradient to room for so many float32, good for one call. */
  scratch(floats: number): number
  /** Bytes from the start of the parameters, by name. */
  places: ReadonlyMap<string, number>
  parametersAt: number
  dropouts: Dropout[]
  /** The most that one share has. */
  shareTiles: number
}

export function lowerLayer(layer: LayerPlan, x: Value, learns: boolean, context: Context): Step {
  const value = (gate: SimdActivation): Value => {
    const size = sizeOf(layer.outputShape)
    return { y: context.lanes(size), dy: learns ? context.lanes(size) : 0, size, gate }
  }
  switch (layer.kind) {
    case 'dense':
      return lowerDense(layer, x, value(simdActivation(layer.activation)), context)
    case 'conv2d':
      return lowerConvolution(layer, x, value(simdActivation(layer.activation)), context)
    case 'maxPooling2d':
    case 'averagePooling2d':
      return lowerPool(layer, x, value('linear'))
    case 'flatten':
      return { y: x, forward: [], backward: [] }
    case 'dropout': {
      const y = value('linear')
      const mask = context.lanes(y.size)
      context.dropouts.push({ rate: layer.rate, at: mask, size: y.size })
      return {
        y,
        forward: call('multiply', x.y, mask, y.y, y.size),
        predict: call('activate', ACTIVATION_KINDS.linear, x.y, y.y, y.size),
        backward: x.dy === 0 ? [] : [...call('multiply', y.dy, mask, x.dy, y.size), ...throughGate(x)],
      }
    }
    case 'activation': {
      const y = value('linear')
      const kind = ACTIVATION_KINDS[simdActivation(layer.activation)]
      return {
        y,
        forward: call('activate', kind, x.y, y.y, y.size),
        backward: x.dy === 0 ? [] : [...call('gate', kind, y.y, y.dy, x.dy, y.size), ...throughGate(x)],
      }
    }
    case 'batchNormalization':
      throw new TypeError(`${layer.name} has no kernels`)
  }
}

export const isSimdActivation = (activation: Activation): activation is SimdActivation => activation in ACTIVATION_KINDS

function simdActivation(activation: Activation): SimdActivation {
  if (!isSimdActivation(activation)) throw new TypeError(`${activation} has no kernel`)
  return activation
}

/** Once the gradient of x is whole: back through the activation that made x. */
export const throughGate = ({ gate, y, dy, size }: Value): number[] =>
  gate === 'linear' || dy === 0 ? [] : call('gate', ACTIVATION_KINDS[gate], y, dy, dy, size)

/** What follows a call that has gone through a ReLU itself. */
const throughOtherGate = (x: Value): number[] => (x.gate === 'relu' ? [] : throughGate(x))
const reluOf = ({ gate, y }: Value): number => (gate === 'relu' ? y : 0)

type Planned<Kind extends LayerPlan['kind']> = Extract<LayerPlan, { kind: Kind }>

/** Sums with ReLU on the way out; other activations in a pass of their own. */
const afterSums = ({ gate, y, size }: Value): number[] =>
  gate === 'linear' || gate === 'relu' ? [] : call('activate', ACTIVATION_KINDS[gate], y, y, size)
const insideSums = ({ gate }: Value): number => (gate === 'relu' ? ACTIVATION_KINDS.relu : ACTIVATION_KINDS.linear)

function parametersOf({ name, useBias }: Planned<'dense' | 'conv2d'>, { places, parametersAt }: Context) {
  const kernelOffset = places.get(`${name}/kernel`) as number
  const biasOffset = places.get(`${name}/bias`) as number
  return {
    kernelOffset,
    kernel: parametersAt + kernelOffset,
    bias: useBias ? parametersAt + biasOffset : 0,
    /** @param positions of one tile */
    biasGradient: (dy: number, positions: number, n: number) =>
      useBias ? call('biasGradient', dy, biasOffset, positions, n) : [],
  }
}

function lowerDense(layer: Planned<'dense'>, x: Value, y: Value, context: Context): Step {
  const { kernelOffset, kernel, bias, biasGradient } = parametersOf(layer, context)
  const [c, n] = [x.size, y.size]
  // Panels of 4 outputs; of up to 8 inputs; the gradient of all outputs, in panels of 16, with two columns of inputs.
  const rows = context.shareTiles * TILE
  const scratch = context.scratch(Math.max(4 * c, 8 * n, rows * (Math.ceil(n / 16) * 16 + 2)))
  return {
    y,
    forward: [...call('dense', x.y, kernel, bias, y.y, c, n, insideSums(y), scratch), ...afterSums(y)],
    backward: [
      ...call('denseKernelGradient', x.y, y.dy, kernelOffset, c, n, scratch),
      ...biasGradient(y.dy, 1, n),
      ...(x.dy === 0
        ? []
        : [...call('denseInputGradient', y.dy, kernel, x.dy, reluOf(x), c, n, scratch), ...throughOtherGate(x)]),
    ],
  }
}

function lowerConvolution(layer: Planned<'conv2d'>, x: Value, y: Value, context: Context): Step {
  const [height, width, c] = layer.inputShape as [number, number, number]
  const [oh, ow, n] = layer.outputShape as [number, number, number]
  const { size, strides, edges } = layer.window
  const [kh, kw] = size
  const [sy, sx] = strides
  const h = height + edges.top + edges.bottom
  const w = width + edges.left + edges.right
  const whole = h === height && w === width
  const inner = whole ? x : padded(x, h * w * c, context)
  const { kernelOffset, kernel, bias, biasGradient } = parametersOf(layer, context)

  const tileOfX = h * w * c * VALUE_BYTES
  const tileOfY = oh * ow * n * VALUE_BYTES
  const inside = (edges.top * w + edges.left) * c * VALUE_BYTES
  const row = width * c * VALUE_BYTES
  const paddedRow = w * c * VALUE_BYTES
  const tile = height * width * c * VALUE_BYTES
  // Rows of positions a pass, so that both operands stay in the first cache.
  const pass = Math.max(1, Math.floor(1400 / (ow * n + sy * w * c)))
  const scratch = context.scratch(kh * kw * c * n)
  const steps = [sy * w * c, sx * c, kh, kw * c, w * c, n] as const
  return {
    y,
    forward: [
      ...(whole ? [] : call('copyRows', x.y, inner.y + inside, height, row, row, paddedRow, tile, tileOfX)),
      ...call('convolution', inner.y, kernel, bias, y.y, oh, ow, ...steps, insideSums(y), tileOfX, tileOfY, scratch),
      ...afterSums(y),
    ],
    backward: [
      ...call('convolutionKernelGradient', inner.y, y.dy, kernelOffset, oh, ow, ...steps, tileOfX, tileOfY, pass),
      ...biasGradient(y.dy, oh * ow, n),
      ...(x.dy === 0
        ? []
        : [
            ...call(
              'convolutionInputGradient',
              ...[y.dy, kernel, inner.dy, reluOf(inner), h, w, c, sy, sx, kh, kw, oh, ow, n, tileOfX, tileOfY, scratch],
            ),
            ...(whole ? [] : call('copyRows', inner.dy + inside, x.dy, height, row, paddedRow, row, tileOfX, tile)),
            ...throughOtherGate(x),
          ]),
    ],
  }
}

// Zeros around the image stay what a new memory is filled with: nothing ever writes there but the gradient, which nobody reads.
const padded = (x: Value, size: number, { lanes }: Context): Value => ({
  y: lanes(size),
  dy: x.dy === 0 ? 0 : lanes(size),
  size,
  gate: x.gate,
})

function lowerPool(layer: Planned<'maxPooling2d' | 'averagePooling2d'>, x: Value, y: Value): Step {
  const [height, width, c] = layer.inputShape as [number, number, number]
  const [oh, ow] = layer.outputShape as [number, number, number]
  const { size, strides, edges } = layer.window
  const tileOfX = height * width * c * VALUE_BYTES
  const tileOfY = oh * ow * c * VALUE_BYTES
  const window = [height, width, c, ...size, ...strides, edges.top, edges.left, oh, ow, tileOfX, tileOfY]
  const most = layer.kind === 'maxPooling2d'
  const gradient = most
    ? [...call('maxPoolGradient', x.y, y.y, ...window, y.dy, x.dy, x.gate === 'relu' ? 1 : 0), ...throughOtherGate(x)]
    : [...call('averagePoolGradient', x.y, y.y, ...window, y.dy, x.dy), ...throughGate(x)]
  return {
    y,
    forward: call(most ? 'maxPool' : 'averagePool', x.y, y.y, ...window),
    backward: x.dy === 0 ? [] : gradient,
  }
}
