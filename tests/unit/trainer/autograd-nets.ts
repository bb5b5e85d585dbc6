// Nets of the engine autograd for tests: on the real cpu and wasm backends, with batches and a loss that are always the same.
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import * as tf from '@tensorflow/tfjs-core'
import { Optimizer } from '../../../packages/contracts/src/compile.ts'
import { Layer } from '../../../packages/contracts/src/net.ts'
import { ASSETS } from '../../../packages/trainer/src/assets.ts'
import { openCpu } from '../../../packages/trainer/src/backends/cpu.ts'
import { openWasm } from '../../../packages/trainer/src/backends/wasm.ts'
import type { AutogradModel } from '../../../packages/trainer/src/engine/autograd/model.ts'
import { type AutogradNet, createAutogradNet } from '../../../packages/trainer/src/engine/autograd/net.ts'
import type { EngineNet, EngineOptions, Head } from '../../../packages/trainer/src/engine/engine.ts'
import { type NetPlan, type PlannedLayer, planNet } from '../../../packages/trainer/src/model/plan.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'

type Given<T> = T extends unknown ? Partial<T> & { kind: string } : never
export type LayerRequest = Given<Layer> & Record<string, unknown>

/** As a request has them, with Keras's defaults filled in. */
export const layersOf = (...layers: LayerRequest[]): Layer[] => layers.map(layer => Layer.parse(layer))

export const planOf = (inputShape: number[], ...layers: LayerRequest[]): NetPlan =>
  planNet(layersOf(...layers) as PlannedLayer[], inputShape)

export type Backend = 'cpu' | 'wasm'

/** To be awaited once in a file, before the first net. */
export async function openBackends(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'autograd-'))
  after(() => rm(directory, { recursive: true, force: true }))
  for (const { name, source } of ASSETS)
    if (name.endsWith('.wasm') && name.startsWith('tfjs')) await copyFile(await source(), join(directory, name))
  await openWasm({ directory })
  await openCpu()
}

interface Settings {
  optimizer?: { kind: string } & Record<string, unknown>
  seed?: number
  batchSize?: number
  assets?: { directory: string }
}

export const optionsOf = ({
  optimizer = { kind: 'sgd' },
  seed = 7,
  batchSize = 8,
  assets,
}: Settings): EngineOptions => ({
  optimizer: Optimizer.parse(optimizer),
  batchSize,
  random: new RandomState(seed),
  shares: 1,
  threads: 1,
  assets: assets ?? { directory: '/nowhere' },
})

export async function netOn(backend: Backend, model: AutogradModel, settings: Settings = {}): Promise<AutogradNet> {
  await tf.setBackend(backend)
  return createAutogradNet(model, optionsOf(settings))
}

export const rowsOf = (size: number, rows: number, seed = 3): Float32Array =>
  Float32Array.from(new RandomState(seed).randn(size * rows))

/** mean((ŷ − y)²) over rows with made-up labels, in float64. `losses` gets each batch's. */
export function squaredHead(rows: number, losses: number[] = []): Head {
  const labels = new RandomState(5).randn(4096)
  return (outputs, gradient) => {
    let sum = 0
    outputs.forEach((output, i) => {
      const error = output - (labels[i] as number)
      sum += error * error
      gradient[i] = (2 * error) / rows
    })
    losses.push(sum / rows)
  }
}

/** Losses of `steps` batches of `rows` rows, each batch of other rows. */
export function train(net: EngineNet, { steps, rows, inputs, rate = 0.01, from = 0 }: TrainOptions): number[] {
  const losses: number[] = []
  const head = squaredHead(rows, losses)
  for (let step = from; step < from + steps; step++) net.step(rowsOf(inputs, rows, 100 + step), rows, head, rate)
  return losses
}
export interface TrainOptions {
  steps: number
  rows: number
  inputs: number
  rate?: number
  /** The first batch's number. */
  from?: number
}

/** The largest difference, relative to the largest value expected. */
export function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, size] = [0, 0]
  for (let i = 0; i < expected.length; i++) {
    const gap = Math.abs((found[i] as number) - (expected[i] as number))
    difference = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : Math.max(difference, gap)
    size = Math.max(size, Math.abs(expected[i] as number))
  }
  return size === 0 ? difference : difference / size
}
