// The engine `simd`: a sequential net on our own WebAssembly kernels. A step is a few calls of programs over one linear memory; the
// loss between forward and backward is the head's. Bits depend on the request and the number of shares, never on threads or machine.

import { TrainerError } from '../../errors.ts'
import { initialWeights } from '../../model/initial-weights.ts'
import { kerasJson } from '../../model/keras-json.ts'
import { shapesOf, summaryOf } from '../../model/layer-summary.ts'
import { type NetPlan, sizeOf } from '../../model/plan.ts'
import type { RandomState } from '../../random/random-state.ts'
import type { NamedNumbers } from '../../state.ts'
import type { EngineNet, EngineOptions } from '../engine.ts'
import { loadKernels, startKernels } from './kernels.ts'
import { type Layout, layOut } from './layout.ts'
import { type Dropout, TILE } from './lower-layer.ts'
import { createSimdOptimizer, NUMBERS } from './optimizer.ts'
import { aloneTeam, type Share, startTeam, type Team } from './threads.ts'
import { PAGE, WebAssembly } from './webassembly.ts'
import { missingKernel, tooLarge } from './why-not.ts'

/**
 * @throws TrainerError TRAIN_TOO_LARGE past 2 GiB, TRAIN_BAD_MODEL where a layer has no kernel
 * @throws Error where kernels.wasm is missing or is not this release's
 */
export async function createSimdNet(plan: NetPlan, options: EngineOptions): Promise<EngineNet> {
  const { batchSize, shares, optimizer: wanted } = options
  const missing = missingKernel(plan)
  if (missing !== null) throw new TrainerError('TRAIN_BAD_MODEL', `The engine simd cannot train this net: ${missing}.`)
  const large = tooLarge(plan, batchSize, shares, wanted)
  if (large !== null)
    throw new TrainerError('TRAIN_TOO_LARGE', `The engine simd cannot train this net: ${large}.`, {
      details: { batchSize },
    })

  const module = await loadKernels(options.assets)
  const optimizer = createSimdOptimizer(wanted)
  const layout = layOut(plan, { batchSize, shares, optimizer })
  const pages = Math.ceil(layout.bytes / PAGE)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const { run } = startKernels(module, memory)
  for (const { at, words } of [layout.forward, layout.predict, layout.backward, layout.update])
    new Int32Array(memory.buffer, at, words.length).set(words)

  const floats = (at: number, length: number): Float32Array => new Float32Array(memory.buffer, at, length)
  const weights = named(layout, layout.weights, floats)
  const start = initialWeights(layout.parameters, options.random)
  for (const [name, numbers] of Object.entries(start)) weights[name]?.set(numbers)
  const moments: NamedNumbers = {}
  optimizer.moments.forEach(({ name, start }, i) => {
    const at = layout.moments[i] as number
    floats(at, layout.parameterFloats).fill(start)
    Object.assign(moments, named(layout, at, floats, name))
  })
  if (optimizer.betaPowers !== null) moments.beta_powers = optimizer.betaPowers

  const threads = Math.min(options.threads, shares)
  const team = threads > 1 ? await startTeam({ run, module, memory, control: layout.control, threads }) : aloneTeam(run)
  const engine = stepper(plan, layout, { memory: memory.buffer, team, batchSize, random: options.random })
  const numbers = floats(layout.numbers, NUMBERS)
  return {
    weights,
    moments,
    shapes: shapesOf(plan),
    summary: summaryOf(plan),
    topology: kerasJson(plan),
    outputs: plan.outputs,
    step(features, rows, head, learningRate) {
      engine.forward(features, rows)
      head(engine.outputs(rows), engine.gradient(rows))
      optimizer.begin(learningRate, numbers)
      engine.backward(rows)
    },
    predict: engine.predict,
    // No layer that it knows has a regularizer.
    penalty: () => 0,
    stateChanged() {},
    dispose: () => team.dispose(),
  }
}

/** Views of one flat array. */
function named(
  { parameters }: Layout,
  at: number,
  floats: (at: number, length: number) => Float32Array,
  moment?: string,
): NamedNumbers {
  return Object.fromEntries(
    parameters.map(({ name, shape, offset }) => [
      moment === undefined ? name : `${name}/${moment}`,
      floats(at + offset * 4, sizeOf(shape)),
    ]),
  )
}

interface Parts {
  memory: SharedArrayBuffer
  team: Team
  batchSize: number
  random: RandomState
}

function stepper(plan: NetPlan, layout: Layout, { memory, team, batchSize, random }: Parts) {
  const inputs = sizeOf(plan.inputShape)
  const room = Math.ceil(batchSize / TILE) * TILE
  const floats = (at: number, length: number): Float32Array => new Float32Array(memory, at, length)
  const features = floats(layout.features, room * inputs)
  const outputs = rowsOf(floats(layout.outputs, room * plan.outputs), plan.outputs)
  const gradientRoom = floats(layout.outputGradient, room * plan.outputs)
  const gradient = rowsOf(gradientRoom, plan.outputs)
  const masks = layout.dropouts.map(dropout => ({ ...dropout, values: floats(dropout.at, room * dropout.size) }))
  const shares = sharesOf(layout.gradients)
  const slices = slicesOf(layout)

  // Rows that a batch does not have are zeros: their outputs are of no interest, but what is not a number in them would spread.
  const load = (rows: Float32Array, count: number): void => {
    features.set(rows)
    features.fill(0, count * inputs, Math.ceil(count / TILE) * TILE * inputs)
  }
  return {
    outputs,
    gradient,
    forward(rows: Float32Array, count: number) {
      if (count > batchSize) throw new TypeError(`${count} rows in a net made for ${batchSize}`)
      load(rows.length === count * inputs ? rows : rows.subarray(0, count * inputs), count)
      for (const mask of masks) draw(mask, mask.values, count, random)
      team.run(layout.forward, shares(count))
    },
    backward(count: number) {
      gradientRoom.fill(0, count * plan.outputs, Math.ceil(count / TILE) * TILE * plan.outputs)
      team.run(layout.backward, shares(count))
      team.run(layout.update, slices)
    },
    predict(rows: Float32Array, count: number): Float32Array {
      const predicted = new Float32Array(count * plan.outputs)
      for (let from = 0; from < count; from += batchSize) {
        const some = Math.min(batchSize, count - from)
        load(rows.subarray(from * inputs, (from + some) * inputs), some)
        team.run(layout.predict, shares(some))
        predicted.set(outputs(some), from * plan.outputs)
      }
      return predicted
    },
  }
}

/** The first rows of an array; the same view for the same number of rows. */
function rowsOf(all: Float32Array, width: number): (rows: number) => Float32Array {
  const views = new Map<number, Float32Array>()
  return rows => {
    let view = views.get(rows)
    if (view === undefined) {
      view = all.subarray(0, rows * width)
      views.set(rows, view)
    }
    return view
  }
}

/** The tiles of so many rows, cut into shares as equal as can be. */
function sharesOf(gradients: readonly number[]): (rows: number) => readonly Share[] {
  const known = new Map<number, readonly Share[]>()
  return rows => {
    const tiles = Math.ceil(rows / TILE)
    let shares = known.get(tiles)
    if (shares === undefined) {
      shares = cut(tiles, gradients.length).map(([from, to], s) => ({ from, to, gradient: gradients[s] as number }))
      known.set(tiles, shares)
    }
    return shares
  }
}

/** The parameters, cut among the threads for the optimizer; all read the sum of the shares in the first one's place. */
function slicesOf({ gradients, parameterFloats }: Layout): readonly Share[] {
  const gradient = gradients[0] as number
  return cut(parameterFloats / 4, gradients.length).map(([from, to]) => ({ from, to, gradient }))
}

const cut = (whole: number, parts: number): [number, number][] =>
  Array.from({ length: parts }, (_, i) => [Math.floor((whole * i) / parts), Math.floor((whole * (i + 1)) / parts)])

/** See EngineOptions.random for the rule. Into [tile][value][4 images]. */
function draw({ rate, size }: Dropout, mask: Float32Array, rows: number, random: RandomState): void {
  const kept = 1 / (1 - rate)
  const drawn = random.rand(rows * size)
  for (let row = 0, i = 0; row < rows; row++) {
    let at = (row - (row % TILE)) * size + (row % TILE)
    for (let j = 0; j < size; j++, i++, at += TILE) mask[at] = (drawn[i] as number) >= rate ? kept : 0
  }
}
