// Nets whose steps are measured bare: batches in memory, no data to read and no events, on both sides.
import { expandPreset, Layer, Optimizer } from '@trotline/contracts'
import { type PlannedLayer, planNet, sizeOf } from '../../packages/trainer/src/model/plan.ts'
import { RandomState } from '../../packages/trainer/src/random/random-state.ts'
import type { Subject } from './trainer-bundle.ts'
import { startWatch } from './trainer-watch.ts'
import type { Length, Sample } from './trainer-yardstick.ts'

export interface MeasuredNet {
  name: string
  shape: readonly number[]
  layers: PlannedLayer[]
  batchSize: number
  /** In memory, taken in turns. */
  rows: number
  /** Ours; PyTorch has one thread, which is the faster for it at these sizes. */
  threads: number
  /** What the project has set itself, as a part of PyTorch's time; null: none. */
  goal: number | null
}

const SEED = 1
const LEARNING_RATE = 0.001
const MOMENTUM = 0.9

const exercise3 = (): PlannedLayer[] => {
  const training = expandPreset({
    kind: 'preset',
    preset: 'cifar10',
    epochs: 1,
    directory: '/nowhere',
    seed: 0,
    backend: 'auto',
  })
  if (training === null || !('layers' in training.model)) throw new TypeError('exercise 3 is a net in layers')
  return training.model.layers as PlannedLayer[]
}

const layers = (given: unknown[]): PlannedLayer[] => given.map(layer => Layer.parse(layer) as PlannedLayer)
const dense = (units: number, activation = 'relu') => ({ kind: 'dense', units, activation })
const conv = (filters: number) => ({ kind: 'conv2d', filters, kernelSize: 3, padding: 'same', activation: 'relu' })
const pool = { kind: 'maxPooling2d' }
const flatten = { kind: 'flatten' }

const image = [32, 32, 3]

export const measuredNets = (): MeasuredNet[] => [
  {
    name: 'exercise 3, batch 4',
    shape: image,
    layers: exercise3(),
    batchSize: 4,
    rows: 2_000,
    threads: 1,
    goal: 0.5,
  },
  {
    name: 'exercise 3, batch 64',
    shape: image,
    layers: exercise3(),
    batchSize: 64,
    rows: 2_048,
    threads: 1,
    goal: 0.9,
  },
  {
    name: 'exercise 3, batch 64, two threads',
    shape: image,
    layers: exercise3(),
    batchSize: 64,
    rows: 2_048,
    threads: 2,
    goal: 0.5,
  },
  {
    name: 'dense 784-128-10, batch 32',
    shape: [784],
    layers: layers([dense(128), dense(10, 'linear')]),
    batchSize: 32,
    rows: 1_024,
    threads: 1,
    goal: null,
  },
  {
    name: 'dense 784-512-512-10, batch 128',
    shape: [784],
    layers: layers([dense(512), dense(512), dense(10, 'linear')]),
    batchSize: 128,
    rows: 2_048,
    threads: 1,
    goal: null,
  },
  {
    name: 'CNN 32-32-pool-64-pool-128-10, batch 32',
    shape: image,
    layers: layers([conv(32), conv(32), pool, conv(64), pool, flatten, dense(128), dense(10, 'linear')]),
    batchSize: 32,
    rows: 512,
    threads: 1,
    goal: null,
  },
]

/** What the yardstick is told to make. */
export const orderOf = ({ layers, shape, batchSize, rows }: MeasuredNet): object => ({
  layers,
  shape,
  batchSize,
  rows,
  seed: SEED,
  learningRate: LEARNING_RATE,
  momentum: MOMENTUM,
})

export interface Steps {
  /** Goes on from where it was: a step a batch, the losses of the first ones. */
  run(length: Length): Sample
  close(): void
}

/** The engine `simd` and the head that a training has, batch after batch. */
export async function openSteps(net: MeasuredNet, subject: Subject): Promise<Steps> {
  const { shape, batchSize, rows, threads } = net
  const { createSimdNet, createHead, compile, finalActivation, assets } = subject
  const plan = planNet(net.layers, shape)
  const random = new RandomState(SEED)
  const optimizer = Optimizer.parse({ kind: 'momentum', learningRate: LEARNING_RATE, momentum: MOMENTUM })
  const engine = await createSimdNet(plan, { optimizer, batchSize, random, shares: threads, threads, assets })
  const width = sizeOf(shape)
  const features = Float32Array.from(random.rand(rows * width), value => value * 2 - 1)
  const classes = Float32Array.from(random.rand(rows), value => Math.floor(value * plan.outputs))
  const head = createHead(
    compile(
      { loss: 'sparseCategoricalCrossentropy', metrics: [], fromLogits: null, classWeights: null },
      { outputs: plan.outputs, activation: finalActivation(plan) },
      { targets: 1, classes: null },
    ),
    batchSize,
  )
  const step = head.step(head.newSums())
  let at = 0
  return {
    run({ units, seconds }) {
      const values: number[][] = []
      const watch = startWatch()
      let done = 0
      while (done < units || watch.seconds() < seconds) {
        head.begin(classes.subarray(at, at + batchSize), batchSize)
        engine.step(features.subarray(at * width, (at + batchSize) * width), batchSize, step, LEARNING_RATE)
        values.push([head.batchLoss])
        at = (at + batchSize) % rows
        done += 1
      }
      return { cost: watch.cost(done), values, last: values.at(-1) ?? [] }
    },
    close: engine.dispose,
  }
}
