// The activation that a topology ends with, taken off before the engine builds it and put back where the topology is given away.
// What plans have in model/final-activation.ts, for JSON in either spelling.
import { ACTIVATIONS, type Activation } from '@trotline/contracts'

type Json = Record<string, unknown>

/** Those whose `activation` is the last thing that they do; a recurrent layer's is inside. */
const ENDING: readonly unknown[] = [
  'Dense',
  'Activation',
  'Conv1D',
  'Conv2D',
  'Conv3D',
  'Conv2DTranspose',
  'Conv3DTranspose',
  'DepthwiseConv2D',
  'SeparableConv2D',
]

/** null: the layer does not end with one that a request could name. */
function activationOf(layer: Json): Activation | null {
  const { activation } = layer.config as Json
  const known = ENDING.includes(classOf(layer)) && (ACTIVATIONS as readonly unknown[]).includes(activation)
  return known ? (activation as Activation) : null
}

/** Changes the last layer of `model` to linear. `linear` also where the net ends with none that the head above engines could apply. */
export function takeFinalActivation(model: Json): Activation {
  const last = finalLayer(model)
  if (last === null) return 'linear'
  const config = last.config as Json
  // Keras's layer Softmax is the activation under another name.
  if (classOf(last) === 'Softmax' && (config.axis === undefined || config.axis === -1)) {
    Object.assign(last, { className: 'Activation', config: { name: config.name, activation: 'linear' } })
    return 'softmax'
  }
  const activation = activationOf(last)
  if (activation !== null) config.activation = 'linear'
  return activation ?? 'linear'
}

/** Layers that move numbers or leave some out, and make no others of them. */
const MOVING: readonly unknown[] = ['Flatten', 'Reshape', 'Permute', 'Dropout']

/** Of layers in their order: the activation behind which nothing but such layers comes. */
export function lastActivation(layers: readonly Json[]): Activation {
  const last = layers.findLast(layer => !MOVING.includes(classOf(layer)))
  if (last === undefined) return 'linear'
  if (classOf(last) === 'Softmax') return 'softmax'
  return activationOf(last) ?? 'linear'
}

/** Of a chain of layers all; else the one that the output is, which no more is known of. */
export function finalLayers(model: Json): Json[] {
  if (classOf(model) === 'Sequential') return ((model.config as Json).layers ?? []) as Json[]
  const last = finalLayer(model)
  return last === null ? [] : [last]
}

/** Undoes it in the JSON that tfjs writes. A layer Softmax comes back as the activation that it is. */
export function putFinalActivation(model: Json, activation: Activation): void {
  const last = finalLayer(model)
  if (last !== null && activation !== 'linear')
    (last.config as Json).activation = activation.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

const field = (json: Json, camel: string, snake: string): unknown => json[camel] ?? json[snake]
const classOf = (json: Json): unknown => field(json, 'className', 'class_name')

/** null where the output is not one layer's alone: a layer that is used twice would change in both places. */
function finalLayer(model: Json): Json | null {
  const config = model.config as Json
  const layers = (config.layers ?? []) as Json[]
  const last = classOf(model) === 'Sequential' ? layers.at(-1) : outputLayer(config, layers)
  if (last === undefined) return null
  const inner = last.config as Json
  return Array.isArray(inner?.layers) ? finalLayer(last) : last
}

function outputLayer(config: Json, layers: readonly Json[]): Json | undefined {
  const [output] = (field(config, 'outputLayers', 'output_layers') ?? []) as [unknown[]?]
  const layer = layers.find(each => (each.config as Json).name === output?.[0] || each.name === output?.[0])
  const calls = layer === undefined ? undefined : field(layer, 'inboundNodes', 'inbound_nodes')
  return Array.isArray(calls) && calls.length > 1 ? undefined : layer
}
