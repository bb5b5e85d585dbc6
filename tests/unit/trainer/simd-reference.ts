// A sequential net in plain float64 loops, one image at a time and as the definitions read: what the engine `simd` is held against.
import { type LayerPlan, type NetPlan, sizeOf } from '../../../packages/trainer/src/model/plan.ts'
import type { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import type { NamedNumbers } from '../../../packages/trainer/src/state.ts'

type Numbers = Float64Array
type Gradients = Record<string, Numbers>
type Conv = Extract<LayerPlan, { kind: 'conv2d' }>
type Pool = Extract<LayerPlan, { kind: 'maxPooling2d' | 'averagePooling2d' }>

export interface Reference {
  /** Rows one after the other; the masks of dropout are drawn as EngineOptions.random says, or there are none. */
  forward(features: Float32Array, rows: number, random: RandomState | null): Float64Array
  /** Of every parameter, for the gradient of the last forward's outputs. */
  gradients(ofOutputs: Float64Array): Gradients
}

export function createReference({ layers }: NetPlan, weights: NamedNumbers): Reference {
  const w = (name: string): Numbers => Float64Array.from(weights[name] as Float32Array)
  let values: Numbers[][] = []
  let masks: (Numbers | null)[] = []
  return {
    forward(features, rows, random) {
      const inputs = features.length / rows
      masks = layers.map(layer => (layer.kind === 'dropout' ? maskOf(layer, rows, random) : null))
      values = Array.from({ length: rows }, (_, row) => {
        const passed: Numbers[] = [Float64Array.from(features.subarray(row * inputs, (row + 1) * inputs))]
        layers.forEach((layer, i) => {
          passed.push(layerForward(layer, passed[i] as Numbers, w, masks[i] ?? null, row))
        })
        return passed
      })
      return Float64Array.from(values.flatMap(passed => [...(passed.at(-1) as Numbers)]))
    },
    gradients(ofOutputs) {
      const sums: Gradients = {}
      for (const { parameters } of layers)
        for (const { name, shape } of parameters) sums[name] = new Float64Array(sizeOf(shape))
      const outputs = ofOutputs.length / values.length
      values.forEach((passed, row) => {
        let dy: Numbers = ofOutputs.slice(row * outputs, (row + 1) * outputs)
        for (let i = layers.length - 1; i >= 0; i--) {
          const [x, y] = [passed[i] as Numbers, passed[i + 1] as Numbers]
          dy = layerBackward(layers[i] as LayerPlan, { x, y, dy }, w, sums, masks[i] ?? null, row)
        }
      })
      return sums
    },
  }
}

function maskOf(
  { rate, outputShape }: Extract<LayerPlan, { kind: 'dropout' }>,
  rows: number,
  random: RandomState | null,
) {
  if (random === null) return null
  const mask = new Float64Array(rows * sizeOf(outputShape))
  for (let i = 0; i < mask.length; i++) mask[i] = (random.rand(1)[0] as number) >= rate ? 1 / (1 - rate) : 0
  return mask
}

const FUNCTIONS: Record<string, { of(z: number): number; slope(y: number): number }> = {
  linear: { of: z => z, slope: () => 1 },
  relu: { of: z => Math.max(0, z), slope: y => (y > 0 ? 1 : 0) },
  tanh: { of: Math.tanh, slope: y => 1 - y * y },
  sigmoid: { of: z => 1 / (1 + Math.exp(-z)), slope: y => y * (1 - y) },
}
const functionOf = (name: string) => FUNCTIONS[name] as { of(z: number): number; slope(y: number): number }
const get = (numbers: Numbers, i: number): number => numbers[i] as number
function increase(numbers: Numbers, i: number, by: number): void {
  numbers[i] = get(numbers, i) + by
}

/** Calls `visit` with the places of every weight's factors: in the kernel, in the input, in the output. */
function products(layer: LayerPlan, visit: (kernel: number, x: number, y: number, output: number) => void): void {
  if (layer.kind === 'dense') {
    const inputs = sizeOf(layer.inputShape)
    for (let i = 0; i < inputs; i++) for (let o = 0; o < layer.units; o++) visit(i * layer.units + o, i, o, o)
    return
  }
  const conv = layer as Conv
  const [, kw] = conv.window.size
  const c = conv.inputShape[2] as number
  windows(conv, (y, x, ky, kx, at) => {
    for (let channel = 0; channel < c; channel++)
      for (let o = 0; o < conv.filters; o++)
        visit(
          ((ky * kw + kx) * c + channel) * conv.filters + o,
          (y * (conv.inputShape[1] as number) + x) * c + channel,
          at * conv.filters + o,
          o,
        )
  })
}

/** Every place of an image under every window, and the window's number. Places outside the image are left out. */
function windows(
  { window, inputShape, outputShape }: Conv | Pool,
  visit: (y: number, x: number, ky: number, kx: number, at: number) => void,
): void {
  const [height, width] = inputShape as [number, number]
  const [oh, ow] = outputShape as [number, number]
  for (let i = 0; i < oh; i++)
    for (let j = 0; j < ow; j++)
      for (let ky = 0; ky < window.size[0]; ky++)
        for (let kx = 0; kx < window.size[1]; kx++) {
          const y = i * window.strides[0] + ky - window.edges.top
          const x = j * window.strides[1] + kx - window.edges.left
          if (y >= 0 && y < height && x >= 0 && x < width) visit(y, x, ky, kx, i * ow + j)
        }
}

function layerForward(
  layer: LayerPlan,
  x: Numbers,
  w: (name: string) => Numbers,
  mask: Numbers | null,
  row: number,
): Numbers {
  const y = new Float64Array(sizeOf(layer.outputShape))
  switch (layer.kind) {
    case 'dense':
    case 'conv2d': {
      const kernel = w(`${layer.name}/kernel`)
      if (layer.useBias) {
        const bias = w(`${layer.name}/bias`)
        for (let i = 0; i < y.length; i++) y[i] = get(bias, i % bias.length)
      }
      products(layer, (k, i, o) => increase(y, o, get(kernel, k) * get(x, i)))
      return y.map(functionOf(layer.activation).of)
    }
    case 'maxPooling2d':
      y.fill(-Infinity)
      pooled(layer, (from, to) => {
        y[to] = Math.max(get(y, to), get(x, from))
      })
      return y
    case 'averagePooling2d': {
      const counts = new Float64Array(y.length)
      pooled(layer, (from, to) => {
        increase(y, to, get(x, from))
        increase(counts, to, 1)
      })
      return y.map((sum, i) => sum / get(counts, i))
    }
    case 'activation':
      return x.map(functionOf(layer.activation).of)
    case 'dropout':
      return mask === null ? x : x.map((value, i) => value * get(mask, row * x.length + i))
    case 'flatten':
      return x
    default:
      throw new TypeError(layer.kind)
  }
}

function pooled(layer: Pool, visit: (from: number, to: number) => void): void {
  const [, width, c] = layer.inputShape as [number, number, number]
  windows(layer, (y, x, _ky, _kx, at) => {
    for (let channel = 0; channel < c; channel++) visit((y * width + x) * c + channel, at * c + channel)
  })
}

function layerBackward(
  layer: LayerPlan,
  { x, y, dy }: { x: Numbers; y: Numbers; dy: Numbers },
  w: (name: string) => Numbers,
  sums: Gradients,
  mask: Numbers | null,
  row: number,
): Numbers {
  const dx = new Float64Array(x.length)
  switch (layer.kind) {
    case 'dense':
    case 'conv2d': {
      const { slope } = functionOf(layer.activation)
      const dz = dy.map((d, i) => d * slope(get(y, i)))
      const kernel = w(`${layer.name}/kernel`)
      const ofKernel = sums[`${layer.name}/kernel`] as Numbers
      products(layer, (k, i, o) => {
        increase(ofKernel, k, get(x, i) * get(dz, o))
        increase(dx, i, get(kernel, k) * get(dz, o))
      })
      const ofBias = sums[`${layer.name}/bias`]
      if (ofBias !== undefined) for (let i = 0; i < dz.length; i++) increase(ofBias, i % ofBias.length, get(dz, i))
      return dx
    }
    case 'maxPooling2d': {
      const taken = new Set<number>()
      pooled(layer, (from, to) => {
        if (get(x, from) !== get(y, to) || taken.has(to)) return
        taken.add(to)
        increase(dx, from, get(dy, to))
      })
      return dx
    }
    case 'averagePooling2d': {
      const counts = new Float64Array(y.length)
      pooled(layer, (_, to) => increase(counts, to, 1))
      pooled(layer, (from, to) => increase(dx, from, get(dy, to) / get(counts, to)))
      return dx
    }
    case 'activation':
      return dy.map((d, i) => d * functionOf(layer.activation).slope(get(y, i)))
    case 'dropout':
      return mask === null ? dy : dy.map((d, i) => d * get(mask, row * dy.length + i))
    case 'flatten':
      return dy
    default:
      throw new TypeError(layer.kind)
  }
}
