// The net as data to draw: layers, and what flows from one into the next. Read from the topology in Keras's words, so that a net
// whose layers do not stand in one row is drawn as it is.
import type { ModelGraph } from '@trotline/contracts'
import type { EngineNet } from '../engine/engine.ts'

type Json = Record<string, unknown>

/** @param inputShape of one row */
export function modelGraph(
  { topology, summary }: Pick<EngineNet, 'topology' | 'summary'>,
  inputShape: readonly number[],
): ModelGraph {
  const layers = summary.map(({ name, type, outputShape, params }) => ({
    name,
    type,
    outputShape: [...outputShape],
    params,
  }))
  const edges = connected(topology) ?? inRow(layers.map(({ name }) => name))
  const input = layers.some(({ type }) => type === 'InputLayer')
    ? []
    : [{ name: edges[0]?.from ?? 'input', type: 'InputLayer', outputShape: [...inputShape], params: 0 }]
  return { v: 1, nodes: [...input, ...layers], edges }
}

type Edges = ModelGraph['edges']

const inRow = (names: readonly string[]): Edges =>
  names.map((name, i) => ({ from: i === 0 ? inputNameFor(names) : (names[i - 1] as string), to: name }))

/** A layer may have been given that name. */
const inputNameFor = (names: readonly string[]): string => (names.includes('input') ? 'input_1' : 'input')

/** null: a sequential model, whose layers stand in one row. */
function connected(topology: Readonly<Json>): Edges | null {
  const model = (topology.model_config ?? topology) as Json
  const config = model.config as Json
  const layers = (config?.layers ?? []) as Json[]
  if ((model.class_name ?? model.className) === 'Sequential' || !layers.some(inboundOf)) return null
  return layers.flatMap(layer => {
    const to = nameOf(layer)
    const sources = new Set((inboundOf(layer) ?? []).flatMap(call => sourcesOf(call)))
    return [...sources].map(from => ({ from, to }))
  })
}

const nameOf = (layer: Json): string => String(layer.name ?? (layer.config as Json).name)

function inboundOf(layer: Json): unknown[] | null {
  const inbound = layer.inbound_nodes ?? layer.inboundNodes
  return Array.isArray(inbound) && inbound.length > 0 ? inbound : null
}

/** A call is a list of [layer, node, tensor, arguments] in Keras 2, and an object with `keras_history` in it in Keras 3. */
function sourcesOf(call: unknown): string[] {
  if (Array.isArray(call)) {
    if (typeof call[0] === 'string') return [call[0]]
    return call.flatMap(sourcesOf)
  }
  if (call === null || typeof call !== 'object') return []
  return Object.entries(call).flatMap(([key, value]) =>
    key === 'keras_history' && Array.isArray(value) ? [String(value[0])] : sourcesOf(value),
  )
}
