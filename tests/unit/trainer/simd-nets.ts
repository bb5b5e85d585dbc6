// Nets for the tests of the engine `simd`: written short, planned as a request's are, and made at random.
import { Optimizer } from '../../../packages/contracts/src/compile.ts'
import { Net } from '../../../packages/contracts/src/net.ts'
import type { EngineNet } from '../../../packages/trainer/src/engine/engine.ts'
import { createSimdNet } from '../../../packages/trainer/src/engine/simd/net.ts'
import { type NetPlan, type PlannedLayer, planNet } from '../../../packages/trainer/src/model/plan.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import { makeAssets } from './assets.ts'

export type LayerInput = { kind: string } & Record<string, unknown>

/** As a request writes it. */
export function plan(layers: readonly LayerInput[], inputShape: readonly number[]): NetPlan {
  const net = Net.parse({ layers }) as { layers: PlannedLayer[] }
  return planNet(net.layers, inputShape)
}

export const optimizer = (request: { kind: string } & Record<string, unknown>): Optimizer => Optimizer.parse(request)

const directory = await makeAssets()

interface Options {
  seed?: number
  batchSize: number
  optimizer?: Optimizer
  shares?: number
  threads?: number
}

export async function simdNet(
  planned: NetPlan,
  { seed = 1, batchSize, optimizer: chosen, shares = 1, threads = 1 }: Options,
): Promise<{ net: EngineNet; random: RandomState }> {
  const random = new RandomState(seed)
  const net = await createSimdNet(planned, {
    optimizer: chosen ?? optimizer({ kind: 'sgd' }),
    batchSize,
    random,
    shares,
    threads,
    assets: { directory },
  })
  return { net, random }
}

/** The tutorial's third exercise. */
export const EXERCISE_3: LayerInput[] = [
  { kind: 'conv2d', filters: 6, kernelSize: 5, activation: 'relu' },
  { kind: 'maxPooling2d', poolSize: 2 },
  { kind: 'conv2d', filters: 16, kernelSize: 5, activation: 'relu' },
  { kind: 'maxPooling2d', poolSize: 2 },
  { kind: 'flatten' },
  { kind: 'dense', units: 120, activation: 'relu' },
  { kind: 'dense', units: 84, activation: 'relu' },
  { kind: 'dense', units: 10, activation: 'softmax' },
]

export const normal = (random: RandomState, count: number): Float32Array => Float32Array.from(random.randn(count))

/** Half of the squared distance from `targets`, as a head would have it. */
export const towards =
  (targets: Float32Array) =>
  (outputs: Float32Array, gradient: Float32Array): void => {
    for (let i = 0; i < outputs.length; i++) gradient[i] = (outputs[i] as number) - (targets[i] as number)
  }

/** Any kinds of layers in any order that fits, images up to 9 × 9 × 4 or rows up to 12 numbers. */
export function randomNet(random: RandomState): NetPlan {
  const pick = <T>(...choices: T[]): T => choices[random.interval(choices.length - 1)] as T
  const upTo = (most: number): number => 1 + random.interval(most - 1)
  const activation = () => pick('linear', 'relu', 'tanh', 'sigmoid', 'relu')
  const padding = () => pick('valid', 'same')
  const images = random.interval(3) > 0
  const inputShape = images ? [2 + random.interval(7), 2 + random.interval(7), upTo(4)] : [upTo(12)]
  for (;;) {
    const layers: LayerInput[] = []
    for (let i = images ? upTo(3) : 0; i > 0; i--) {
      layers.push(
        pick<() => LayerInput>(
          () => ({
            kind: 'conv2d',
            filters: upTo(9),
            kernelSize: [upTo(4), upTo(4)],
            strides: [upTo(3), upTo(3)],
            padding: padding(),
            activation: activation(),
            useBias: pick(true, true, false),
          }),
          () => ({
            kind: 'conv2d',
            filters: upTo(9),
            kernelSize: upTo(5),
            padding: padding(),
            activation: activation(),
          }),
          () => ({
            kind: 'maxPooling2d',
            poolSize: [upTo(3), upTo(3)],
            strides: [upTo(3), upTo(3)],
            padding: padding(),
          }),
          () => ({
            kind: 'averagePooling2d',
            poolSize: [upTo(3), upTo(3)],
            strides: pick(null, [upTo(3), upTo(2)]),
            padding: padding(),
          }),
          () => ({ kind: 'dropout', rate: pick(0, 0.3, 0.5) }),
          () => ({ kind: 'activation', activation: activation() }),
        )(),
      )
    }
    if (images) layers.push({ kind: 'flatten' })
    for (let i = random.interval(2); i > 0; i--) {
      layers.push({ kind: 'dense', units: upTo(13), activation: activation(), useBias: pick(true, true, false) })
      if (pick(true, false)) layers.push({ kind: 'dropout', rate: 0.4 })
      if (pick(true, false)) layers.push({ kind: 'activation', activation: activation() })
    }
    if (pick(true, true, true, false))
      layers.push({ kind: 'dense', units: upTo(10), activation: pick('linear', 'softmax', 'sigmoid') })
    try {
      const planned = plan(layers, inputShape)
      if (planned.layers.some(({ parameters }) => parameters.length > 0)) return planned
    } catch {
      // A window larger than what the layers before it left: draw again.
    }
  }
}
