// What can be said against a net whose input is not known yet: names, images where rows of numbers come, activations and layers
// that the engine asked for does not have.
import type { Activation, Layer } from './net.ts'
import type { Finding } from './problem.ts'
import type { ModelTraining } from './training.ts'

export function netFindings(training: ModelTraining): Finding[] {
  const { model } = training
  if (!('layers' in model)) return []
  return [
    ...nameFindings(model.layers),
    ...initializerFindings(model.layers),
    ...orderFindings(model.layers, training.data),
    ...(training.backend === 'simd' ? simdFindings(model.layers) : []),
  ]
}

const at = (layer: number, field = ''): string => `/training/model/layers/${layer}${field}`

function nameFindings(layers: readonly Layer[]): Finding[] {
  const seen = new Map<string, number>()
  return layers.flatMap(({ name }, i): Finding[] => {
    if (name === undefined) return []
    const first = seen.get(name)
    seen.set(name, first ?? i)
    return first === undefined
      ? []
      : [{ pointer: at(i, '/name'), detail: `model.layers.${first} has the name ${name} already`, found: name }]
  })
}

function initializerFindings(layers: readonly Layer[]): Finding[] {
  return layers.flatMap((layer, i) => {
    if (layer.kind !== 'dense' && layer.kind !== 'conv2d') return []
    return (['kernelInitializer', 'biasInitializer'] as const).flatMap((field): Finding[] => {
      const initializer = layer[field]
      if (typeof initializer === 'string' || initializer.kind !== 'randomUniform') return []
      const { minval, maxval } = initializer
      if (minval <= maxval) return []
      const pointer = at(i, `/${field}/maxval`)
      return [{ pointer, detail: `maxval ${maxval} is less than minval ${minval}`, found: String(maxval) }]
    })
  })
}

type Rows = 'numbers' | 'images' | 'unknown'
const ROWS_OF: Record<ModelTraining['data']['format'], Rows> = {
  csv: 'numbers',
  'auto-mpg': 'numbers',
  idx: 'images',
  cifar10: 'images',
  npy: 'unknown',
  npz: 'unknown',
}

function orderFindings(layers: readonly Layer[], { format }: ModelTraining['data']): Finding[] {
  // What other layers make of their input only the tensor library knows.
  if (layers.some(({ kind }) => kind === 'tfjs')) return []
  const findings: Finding[] = []
  let rows = ROWS_OF[format]
  let from = `the data (${format})`
  layers.forEach((layer, i) => {
    const { kind } = layer
    const wants = kind === 'dense' ? 'numbers' : /2d$/.test(kind) ? 'images' : 'unknown'
    if (wants === 'numbers' && rows === 'images')
      findings.push({
        pointer: at(i),
        detail: `A dense layer wants a row of numbers, and ${from} gives images`,
        hint: 'Put { kind: flatten } before it',
      })
    if (wants === 'images' && rows === 'numbers')
      findings.push({
        pointer: at(i),
        detail: `A ${kind} layer wants images [height, width, channels], and ${from} gives rows of numbers`,
      })
    if (wants === 'unknown' && kind !== 'flatten') return
    rows = wants === 'images' ? 'images' : 'numbers'
    from = `model.layers.${i}, ${kind},`
  })
  return findings
}

const SIMD_ACTIVATIONS: readonly Activation[] = ['linear', 'relu', 'tanh', 'sigmoid']

/** The activation that the net ends with belongs to the loss, and is the same for every engine. */
export function simdFindings(layers: readonly Layer[]): Finding[] {
  const hint = 'Leave backend out: the engine autograd takes it then'
  return layers.flatMap((layer, i): Finding[] => {
    if (layer.kind === 'batchNormalization' || layer.kind === 'tfjs')
      return [
        { pointer: at(i, '/kind'), detail: `The backend simd has no layer ${layer.kind}`, found: layer.kind, hint },
      ]
    if (!('activation' in layer) || i === layers.length - 1 || SIMD_ACTIVATIONS.includes(layer.activation)) return []
    return [
      {
        pointer: at(i, '/activation'),
        detail: `The backend simd has no activation ${layer.activation} before the end of the net`,
        found: layer.activation,
        required: `one of ${SIMD_ACTIVATIONS.join(', ')}`,
        hint,
      },
    ]
  })
}

/** Of the last layer that changes its input; null where only the tensor library knows. */
export function endOf(layers: readonly Layer[]): Activation | null {
  const last = layers.findLast(({ kind }) => kind !== 'flatten' && kind !== 'dropout')
  return last !== undefined && 'activation' in last ? last.activation : null
}

/** Numbers that the net gives for a row; null: not known before its data is. */
export function outputsOf(layers: readonly Layer[]): { units: number; layer: number } | null {
  const layer = layers.findLastIndex(
    ({ kind }) => !['flatten', 'dropout', 'activation', 'batchNormalization'].includes(kind),
  )
  const last = layers[layer]
  return last?.kind === 'dense' ? { units: last.units, layer } : null
}
