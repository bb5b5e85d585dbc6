// Topologies as Keras and tfjs write them, read into one form: tfjs's own spelling, every layer with a name. Pure JSON, no tensors.
// Keras 2: to_json(); Keras 3: the same with other words for inputs; tfjs: toJSON(), or the modelTopology of a model.json.
import { TrainerError } from '../../errors.ts'

type Json = Record<string, unknown>

/** A layer, a model or an initializer, with keys and enumerated values in camelCase. */
export interface KerasObject {
  className: string
  config: Json
  /** Functional models have it beside the config too. */
  name?: string
  inboundNodes?: unknown[]
  [key: string]: unknown
}

const badTopology = (why: string): TrainerError =>
  new TrainerError('TRAIN_BAD_MODEL', `The topology is none that can be trained: ${why}.`)

/** @throws TrainerError TRAIN_BAD_MODEL where it is no Sequential or Functional model */
export function readTopology(topology: unknown): KerasObject {
  const model = camelCased(fromKeras3(unwrapped(topology))) as KerasObject
  if (!isContainer(model)) {
    const found = typeof model.className === 'string' ? `is a ${model.className}` : 'has no class_name'
    throw badTopology(`it ${found}, and a Sequential or Functional model is expected`)
  }
  nameLayers(model, 'model')
  return model
}

export const isContainer = (value: unknown): boolean =>
  isKerasObject(value) && ['Sequential', 'Model', 'Functional'].includes(value.className)

export function layersOf(container: KerasObject): KerasObject[] {
  const { layers } = container.config
  if (!Array.isArray(layers) || layers.length === 0 || !layers.every(isKerasObject))
    throw badTopology(`its ${container.className} has no list of layers with class_name and config`)
  return layers
}

/** Every object with a class in it, the given one first: layers, cells, wrapped layers, initializers. */
export function* objectsIn(value: unknown): Generator<KerasObject> {
  if (typeof value !== 'object' || value === null) return
  if (isKerasObject(value)) yield value
  for (const inner of Object.values(value)) yield* objectsIn(inner)
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const isKerasObject = (value: unknown): value is KerasObject =>
  isJson(value) && typeof value.className === 'string' && isJson(value.config)

/** Takes off the wrappers of a model.json (modelTopology) and of an HDF5 file (model_config), and reads JSON given as text. */
function unwrapped(topology: unknown): unknown {
  let found = topology
  for (let depth = 0; depth < 4; depth++) {
    if (typeof found === 'string') found = parsed(found)
    if (!isJson(found)) throw badTopology('it is no JSON object')
    const inner = found.modelTopology ?? found.model_config ?? found.modelConfig
    if (inner === undefined || inner === null) return found
    found = inner
  }
  return found
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new TrainerError('TRAIN_BAD_MODEL', 'The topology is text that is not JSON.', { cause })
  }
}

// Keras 3 calls the input's shape batch_shape, writes a policy instead of a dtype, keeps one input or output as a list without a
// list around it, and a call's arguments as objects. https://github.com/keras-team/keras/blob/v3.3.3/keras/src/models/functional.py
function fromKeras3(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    if ((key === 'input_layers' || key === 'output_layers') && typeof value[0] === 'string') return [value]
    if (key === 'inbound_nodes') return value.map(callOf)
    return value.map(item => fromKeras3(item))
  }
  if (!isJson(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name === 'batch_shape') return ['batch_input_shape', inner]
      if (name === 'dtype' && isJson(inner)) return ['dtype', (inner.config as Json | undefined)?.name ?? 'float32']
      return [name, fromKeras3(inner, name)]
    }),
  )
}

function callOf(node: unknown): unknown {
  if (!isJson(node) || !Array.isArray(node.args)) return node
  const tensors: unknown[] = []
  const collect = (argument: unknown): void => {
    if (Array.isArray(argument)) argument.forEach(collect)
    else if (isJson(argument) && isJson(argument.config) && Array.isArray(argument.config.keras_history))
      tensors.push([...argument.config.keras_history, {}])
  }
  collect(node.args)
  return tensors
}

/** As tfjs's convertPythonicToTs, which it does not export: names of layers stay, whatever else is a word changes its case. */
export function camelCased(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return ALIASES[value] ?? toCamelCase(value)
  if (Array.isArray(value))
    return value.map((item, i) =>
      i === 0 && typeof item === 'string' && NAMING.includes(key) ? item : camelCased(item, key),
    )
  if (!isJson(value)) return value
  return asTfjsPenalty(
    Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        const camel = toCamelCase(name)
        return [camel, camel === 'name' || camel === 'className' ? inner : camelCased(inner, camel)]
      }),
    ),
  )
}

/** Keras's penalties L1 and L2 are tfjs's L1L2, which takes 0.01 for the one that is not named. */
function asTfjsPenalty(value: Record<string, unknown>): Record<string, unknown> {
  if ((value.className !== 'L1' && value.className !== 'L2') || !isJson(value.config)) return value
  const { l1, l2 } = value.config
  const config = value.className === 'L1' ? { l1: l1 ?? 0.01, l2: 0 } : { l1: 0, l2: l2 ?? 0.01 }
  return { ...value, className: 'L1L2', config }
}

/** Lists whose first word is the name of a layer. */
const NAMING: readonly string[] = ['inboundNodes', 'inputLayers', 'outputLayers']
/** Names of Keras that tfjs has under another. */
const ALIASES: Readonly<Record<string, string>> = { silu: 'swish' }

const toCamelCase = (word: string): string =>
  word.length <= 1 ? word : word.replace(/_+(\w|$)/g, (_, letter: string) => letter.toUpperCase())

const toSnakeCase = (word: string): string =>
  word
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()

// tfjs counts layers without a name over the whole process, so that a second net would have other names of weights than the first.
function nameLayers(container: KerasObject, fallback: string): void {
  if (Array.isArray(container.config)) container.config = { layers: container.config }
  container.config.name ??= fallback
  const counts = new Map<string, number>()
  for (const layer of layersOf(container)) {
    const base = toSnakeCase(layer.className)
    const count = counts.get(base) ?? 0
    counts.set(base, count + 1)
    layer.config.name ??= layer.name ?? (count === 0 ? base : `${base}_${count}`)
    nameInner(layer)
  }
}

/** Layers within layers: of a model, of a wrapper such as Bidirectional, and the cells of a recurrent layer. */
function nameInner(layer: KerasObject): void {
  if (isContainer(layer)) {
    nameLayers(layer, layer.config.name as string)
    return
  }
  const { layer: wrapped, cell, cells } = layer.config
  for (const [i, inner] of [wrapped, cell, cells].flat().filter(isKerasObject).entries()) {
    inner.config.name ??= i === 0 ? toSnakeCase(inner.className) : `${toSnakeCase(inner.className)}_${i}`
    nameInner(inner)
  }
}

/** One layer as a request gives it: `config` in either spelling. */
export function readLayer(className: string, config: Readonly<Record<string, unknown>>, name: string): KerasObject {
  const layer = camelCased({ className, config: { ...config, name } }) as KerasObject
  nameInner(layer)
  return layer
}
