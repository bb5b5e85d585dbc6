// Regularizers: what they add to the loss that is reported and watched, as Keras adds it, and to the gradient.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Net } from '../../../packages/contracts/src/net.ts'
import type { AutogradModel } from '../../../packages/trainer/src/engine/autograd/model.ts'
import type { TrainerError } from '../../../packages/trainer/src/errors.ts'
import { type LayerRequest, layersOf, netOn, openBackends, rowsOf } from './autograd-nets.ts'
import { float32, makeFolder, npy } from './data-files.ts'
import { train } from './training.ts'

before(openBackends)

const folder = makeFolder()
let files = 0
const write = (content: Uint8Array): string => folder.write(`${files++}.npy`, content)
const dataOf = (x: number[], y: number[]) => ({
  format: 'npy',
  features: write(npy('<f4', [x.length], float32(...x))),
  target: write(npy('<f4', [y.length], float32(...y))),
})
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const near = (found: unknown, expected: number): void =>
  assert.ok(Math.abs(Number(found) - expected) <= 1e-6 * Math.abs(expected), `${found} is ${expected}`)

const START = 0.5
/** ŷ = w·x, from w = 0.5 on. */
const line = (penalty: { l1: number; l2: number }): Net => ({
  layers: layersOf({
    kind: 'tfjs',
    className: 'Dense',
    config: {
      units: 1,
      use_bias: false,
      kernel_initializer: { class_name: 'Constant', config: { value: START } },
      kernel_regularizer: { class_name: 'L1L2', config: penalty },
    },
  }),
})

test('loss is the mean of the batches’ losses and penalties before their steps, val_loss and test_loss the penalty of their moment', async () => {
  const [x, y] = [
    [1, 2, -1, 0.5, 3],
    [2, 3, 1, 0, 4],
  ]
  const [otherX, otherY] = [
    [1, -2],
    [1, 1],
  ]
  const { l1, l2 } = { l1: 0.2, l2: 0.3 }
  const rate = 0.05
  const { epochs, outcome } = await train(folder.directory, {
    kind: 'model',
    model: line({ l1, l2 }),
    data: dataOf(x, y),
    validationData: dataOf(otherX, otherY),
    optimizer: { kind: 'sgd', learningRate: rate },
    loss: 'mse',
    metrics: ['mae'],
    shuffle: false,
    batchSize: 2,
    epochs: 3,
    backend: 'cpu',
  })
  assert.equal(outcome.kind, 'completed')

  // By hand, in float64.
  let w = START
  const penalty = (): number => l1 * Math.abs(w) + l2 * w * w
  const errors = (of: number[], targets: number[]): number[] => of.map((value, i) => w * value - (targets[i] as number))
  const squares = (all: number[]): number => mean(all.map(error => error * error))
  assert.equal(epochs.length, 3)
  for (const { values } of epochs) {
    let sum = 0
    for (let from = 0; from < x.length; from += 2) {
      const [xs, ys] = [x.slice(from, from + 2), y.slice(from, from + 2)]
      const found = errors(xs, ys)
      sum += xs.length * (squares(found) + penalty())
      const slope = mean(found.map((error, i) => 2 * error * (xs[i] as number)))
      w -= rate * (slope + l1 * Math.sign(w) + 2 * l2 * w)
    }
    near(values.loss, sum / x.length)
    near(values.val_loss, squares(errors(otherX, otherY)) + penalty())
    near(values.val_mae, mean(errors(otherX, otherY).map(Math.abs)))
  }
})

test('early stopping on val_loss sees the penalty', async () => {
  // Training pulls w from 0.5 towards 2, where data and penalty of the training part balance. Of the validation part's loss alone,
  // (w − 4)², every epoch is better than the one before; with w² it is worse from w = 2 on, and with a fixed rate above it never stops.
  const request = (l2: number) => ({
    kind: 'model' as const,
    model: line({ l1: 0, l2 }),
    data: dataOf([1, 1], [6, 6]),
    validationData: dataOf([1], [4]),
    optimizer: { kind: 'sgd', learningRate: 0.02 },
    loss: 'mse',
    batchSize: 2,
    epochs: 60,
    backend: 'cpu',
    earlyStopping: { monitor: 'val_loss', patience: 1 },
  })
  const { epochs, outcome } = await train(folder.directory, request(1))
  const stopped = outcome.report?.stoppedEarlyAt ?? assert.fail('it stopped early')
  // By hand: w after each epoch, and the first epoch that is worse than the one before.
  const weights: number[] = []
  for (let w = START; weights.length < 60; weights.push(w)) w -= 0.02 * (2 * (w - 6) + 2 * w)
  const losses = weights.map(w => (w - 4) ** 2 + w * w)
  const worse = losses.findIndex((loss, i) => i > 0 && loss >= (losses[i - 1] as number))
  assert.equal(stopped, worse)
  const dataAlone = weights.slice(0, worse + 1).map(w => (w - 4) ** 2)
  assert.ok(
    dataAlone.every((loss, i) => i === 0 || loss < (dataAlone[i - 1] as number)),
    'without the penalty no epoch up to then is worse',
  )
  assert.equal(epochs.length, worse + 1)
})

const l2 = (value: number) => ({ class_name: 'L2', config: { l2: value } })
const tfjs = (className: string, config: Record<string, unknown>): LayerRequest => ({ kind: 'tfjs', className, config })
const BETWEEN: Record<string, unknown> = { units: 3, kernel_regularizer: l2(0.5) }

/** A layer that is called twice, as one of Keras's own. */
const TWICE = {
  class_name: 'Functional',
  config: {
    name: 'twice',
    layers: [
      { class_name: 'InputLayer', config: { batch_input_shape: [null, 3], name: 'in' }, name: 'in', inbound_nodes: [] },
      {
        class_name: 'Dense',
        config: { name: 'both', ...BETWEEN },
        name: 'both',
        inbound_nodes: [[['in', 0, 0, {}]], [['both', 0, 0, {}]]],
      },
    ],
    input_layers: [['in', 0, 0]],
    output_layers: [['both', 1, 0]],
  },
}

type Given = Exclude<AutogradModel, { plan: unknown }>

const PENALIZED: Record<string, { model: Given; weights: RegExp }> = {
  'a dense layer': {
    model: { layers: layersOf(tfjs('Dense', BETWEEN)), inputShape: [4] },
    weights: /kernel$/,
  },
  'a layer in a wrapper': {
    model: {
      layers: layersOf(tfjs('TimeDistributed', { layer: { class_name: 'Dense', config: BETWEEN } }), {
        kind: 'flatten',
      }),
      inputShape: [4, 2],
    },
    weights: /kernel$/,
  },
  'a recurrent layer': {
    model: {
      layers: layersOf(tfjs('LSTM', { ...BETWEEN, recurrent_regularizer: l2(0.5) })),
      inputShape: [4, 2],
    },
    weights: /kernel$/,
  },
  'a recurrent layer in both directions': {
    model: {
      layers: layersOf(tfjs('Bidirectional', { merge_mode: 'concat', layer: { class_name: 'GRU', config: BETWEEN } })),
      inputShape: [4, 2],
    },
    weights: /(?<!recurrent_)kernel$/,
  },
  'a layer that is called twice': { model: { topology: TWICE, inputShape: [3] }, weights: /kernel$/ },
}

for (const [what, { model, weights: penalized }] of Object.entries(PENALIZED))
  test(`the penalty of ${what} is that of its weights, once each, in the loss and in the gradient`, async () => {
    const net = await netOn('cpu', model, { optimizer: { kind: 'sgd' } })
    try {
      const before = structuredClone(net.weights) as Record<string, Float32Array>
      const names = Object.keys(before).filter(name => penalized.test(name))
      assert.ok(names.length > 0, 'a weight with a regularizer')
      const squares = names.flatMap(name => [...(before[name] as Float32Array)].map(w => w * w))
      near(net.penalty(), 0.5 * squares.reduce((sum, square) => sum + square, 0))
      // Nothing comes from the head: what moves a weight is its penalty, 2 · 0.5 · w, times the rate.
      const size = model.inputShape.reduce((product, side) => product * side, 1)
      net.step(rowsOf(size, 2), 2, (_, gradient) => void gradient.fill(0), 0.25)
      for (const [name, numbers] of Object.entries(net.weights))
        for (const [i, found] of numbers.entries()) {
          const was = before[name]?.[i] as number
          near(found, names.includes(name) ? 0.75 * was : was)
        }
    } finally {
      net.dispose()
    }
  })

test('a net without regularizers has no penalty', async () => {
  const net = await netOn('cpu', { layers: layersOf(tfjs('Dense', { units: 2 })), inputShape: [3] })
  assert.equal(net.penalty(), 0)
  net.dispose()
})

test('a regularizer of what a layer gives, which the tensor library ignores, is refused', async () => {
  const layers = layersOf(tfjs('Dense', { units: 2, activity_regularizer: l2(0.1) }))
  await assert.rejects(netOn('cpu', { layers, inputShape: [3] }), (error: TrainerError) => {
    assert.equal(error.code, 'TRAIN_BAD_MODEL')
    return /has an activity regularizer, which the tensor library leaves out of the loss/.test(error.message)
  })
})
