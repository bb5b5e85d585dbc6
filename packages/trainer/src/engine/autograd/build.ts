// A model of the tensor library from any of the three forms, with the start of its weights drawn and without its final activation.
import * as tf from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import type { Activation, Initializer, Layer } from '@trotline/contracts'
import { TrainerError } from '../../errors.ts'
import { finalActivation, withoutFinalActivation } from '../../model/final-activation.ts'
import { kerasJson } from '../../model/keras-json.ts'
import { type LayerPlan, layerNames, type NetPlan, planLayer, sizeOf } from '../../model/plan.ts'
import type { RandomState } from '../../random/random-state.ts'
import { takeFinalActivation } from './final-layer.ts'
import { startingFrom } from './initializers.ts'
import { type KerasObject, layersOf, readLayer, readTopology } from './keras-json.ts'
import { registerLayers } from './layers.ts'
import type { AutogradModel } from './model.ts'
import { refuseLayers } from './refused-layers.ts'
import { inputLayer, statedShape, takes } from './stated-input.ts'

type Shape = readonly number[]

export interface BuiltModel {
  model: layers.LayersModel
  finalActivation: Activation
  inputShape: Shape
  /** Numbers for one row. */
  outputs: number
}

/** @throws TrainerError TRAIN_BAD_MODEL */
export function buildModel(given: AutogradModel, random: RandomState): BuiltModel {
  registerLayers()
  const inputShape = 'plan' in given ? given.plan.inputShape : given.inputShape
  const { model, finalActivation } =
    'plan' in given
      ? fromPlan(given.plan, random)
      : 'layers' in given
        ? fromLayers(given.layers, inputShape, random)
        : fromTopology(given.topology, inputShape, random)
  return { model, finalActivation, inputShape, outputs: checkEnds(model, inputShape, finalActivation) }
}

type Ended = Pick<BuiltModel, 'model' | 'finalActivation'>

function fromPlan(plan: NetPlan, random: RandomState): Ended {
  const planned = new Map(
    plan.layers.flatMap(({ parameters }) => parameters.map(({ name, initializer }) => [name, initializer] as const)),
  )
  const model = sequential(plan.inputShape, (add, _shape) => {
    for (const layer of withoutFinalActivation(plan).layers) startingFrom(random, planned, () => add(kerasLayer(layer)))
  })
  return { model, finalActivation: finalActivation(plan) }
}

function fromLayers(given: readonly Layer[], inputShape: Shape, random: RandomState): Ended {
  const names = layerNames(given)
  let ending: Activation = 'linear'
  const model = sequential(inputShape, (add, shape) => {
    given.forEach((layer, i) => {
      const name = names[i] as string
      const planned = new Map<string, Initializer>()
      let json: KerasObject
      if (layer.kind === 'tfjs') {
        json = readLayer(layer.className, layer.config, name)
        refuseLayers(json)
      } else {
        const plan = planLayer(layer, name, shape(), i)
        for (const { name, initializer } of plan.parameters) planned.set(name, initializer)
        json = kerasLayer(plan)
      }
      if (i === given.length - 1) ending = takeFinalActivation({ className: 'Sequential', config: { layers: [json] } })
      startingFrom(random, planned, () => add(json))
    })
  })
  return { model, finalActivation: ending }
}

function fromTopology(given: Readonly<Record<string, unknown>>, inputShape: Shape, random: RandomState): Ended {
  const topology = readTopology(given)
  refuseLayers(topology)
  takeInput(topology, inputShape)
  const ending = takeFinalActivation(topology)
  const model = startingFrom(random, new Map(), () =>
    inWords('this topology', () => deserialize(topology) as layers.LayersModel),
  )
  return { model, finalActivation: ending }
}

// Without its initializers, which are given where it is built.
function kerasLayer(layer: LayerPlan): KerasObject {
  const { inputShape, outputShape } = layer
  const [json] = layersOf(readTopology(kerasJson({ inputShape, layers: [layer], outputs: sizeOf(outputShape) })))
  const { batchInputShape, ...config } = (json as KerasObject).config
  return { className: (json as KerasObject).className, config }
}

/** Layer by layer, so that each is planned with the shape that the ones before it came to. */
function sequential(
  inputShape: Shape,
  fill: (add: (layer: KerasObject) => void, shape: () => Shape) => void,
): layers.Sequential {
  const model = layers.sequential({ name: 'sequential' })
  const shape = (): Shape =>
    model.layers.length === 0 ? inputShape : ((model.outputShape as layers.Shape).slice(1) as number[])
  fill(json => {
    if (model.layers.length === 0) takeInput(json, inputShape)
    const { className, config } = json
    inWords(`the layer ${className} (${config.name})`, () => model.add(deserialize(json) as layers.layers.Layer))
  }, shape)
  return model
}

function deserialize({ className, config }: KerasObject): tf.serialization.Serializable {
  const found = tf.serialization.SerializationMap.getMap().classNameMap[className]
  if (found === undefined) throw new TrainerError('TRAIN_BAD_MODEL', `The tensor library has no layer ${className}.`)
  const [cls, fromConfig] = found
  return fromConfig(cls, structuredClone(config) as tf.serialization.ConfigDict)
}

/** The library's refusals are those of the request: whatever it is given comes from there. */
function inWords<T>(what: string, build: () => T): T {
  try {
    return build()
  } catch (cause) {
    // A ReferenceError is nobody's request: a bug.
    if (cause instanceof TrainerError || cause instanceof ReferenceError) throw cause
    const line = String((cause as Error).message ?? cause).split('\n', 1)[0] as string
    // A list of guesses follows there, on lines of its own.
    const said = line.replace(/ This may be due to one of the following reasons:$/, '')
    throw new TrainerError('TRAIN_BAD_MODEL', `The tensor library cannot build ${what}: ${said.replace(/\.$/, '')}.`, {
      cause,
    })
  }
}

/** Gives the first layer the data's shape, and any number of rows. A shape of its own must be that of the data. */
function takeInput(object: KerasObject, inputShape: Shape): void {
  const layer = inputLayer(object)
  if (layer === undefined) return
  const own = statedShape(layer)
  if (own !== undefined && !takes(own, inputShape))
    throw new TrainerError(
      'TRAIN_BAD_MODEL',
      `The model takes rows of the shape [${own.map(side => side ?? 'any').join(', ')}], and the data has rows of the shape [${inputShape.join(', ')}].`,
    )
  delete layer.config.inputShape
  layer.config.batchInputShape = [null, ...inputShape]
}

/** @returns numbers for one row */
function checkEnds(model: layers.LayersModel, inputShape: Shape, ending: Activation): number {
  const bad = (why: string): TrainerError => new TrainerError('TRAIN_BAD_MODEL', `The model ${why}.`)
  const { inputs, outputs } = model
  if (inputs.length !== 1 || outputs.length !== 1)
    throw bad(`has ${inputs.length} inputs and ${outputs.length} outputs, and one of each can be trained`)
  const text = (shape: readonly (number | null)[]): string => `[${shape.join(', ')}]`
  const taken = (inputs[0] as layers.SymbolicTensor).shape.slice(1)
  if (text(taken) !== text(inputShape))
    throw bad(`takes rows of the shape ${text(taken)}, and the data has rows of the shape ${text(inputShape)}`)
  const given = (outputs[0] as layers.SymbolicTensor).shape.slice(1)
  if (given.some(side => side === null)) throw bad(`gives rows of the shape ${text(given)}, which is not fixed`)
  const size = sizeOf(given as number[])
  if (ending === 'softmax' && given.at(-1) !== size)
    throw bad(`ends with a softmax over a part of ${text(given)}: put a flatten layer before the last one`)
  return size
}
