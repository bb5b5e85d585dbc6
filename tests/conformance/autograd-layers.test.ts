// Every layer that the engine is said to train: its gradients on wasm, where kernels of our own do part of the work, against the
// cpu backend, whose kernels are plain loops; and the cpu backend's against finite differences.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-core'
import { Layer } from '../../packages/contracts/src/net.ts'
import type { AutogradModel } from '../../packages/trainer/src/engine/autograd/model.ts'
import { createAutogradNet } from '../../packages/trainer/src/engine/autograd/net.ts'
import type { EngineNet } from '../../packages/trainer/src/engine/engine.ts'
import { sizeOf } from '../../packages/trainer/src/model/plan.ts'
import { RandomState } from '../../packages/trainer/src/random/random-state.ts'
import {
  type Backend,
  distance,
  type layersOf,
  netOn,
  openBackends,
  optionsOf,
  planOf,
  rowsOf,
  squaredHead,
} from '../unit/trainer/autograd-nets.ts'

before(openBackends)

const flatDense = [{ kind: 'flatten' }, { kind: 'dense', units: 3, activation: 'tanh' }, { kind: 'dense', units: 2 }]
const tfjs = (className: string, config: object = {}) => ({ kind: 'tfjs', className, config })

const MODELS: Record<string, { shape: number[]; layers: object[]; values?: (count: number) => Float32Array }> = {
  ...Object.fromEntries(
    ['relu', 'tanh', 'sigmoid', 'elu', 'selu', 'softplus', 'softsign', 'swish', 'softmax', 'gelu', 'mish'].map(
      activation => [
        `dense with ${activation}`,
        {
          shape: [5],
          layers: [
            { kind: 'dense', units: 4, activation },
            { kind: 'dense', units: 2 },
          ],
        },
      ],
    ),
  ),
  ...Object.fromEntries(
    [
      { kernelSize: 3 },
      { kernelSize: [2, 3], padding: 'same' },
      { kernelSize: 3, strides: 2 },
      { kernelSize: 3, strides: 2, padding: 'same' },
      { kernelSize: [3, 2], strides: [3, 1], padding: 'same' },
      { kernelSize: 1, strides: 2 },
      { kernelSize: 5, padding: 'same', useBias: false },
    ].map(conv => [
      `conv2d ${JSON.stringify(conv)}`,
      {
        shape: [9, 8, 2],
        // Two, so that the gradient with respect to an input is needed too.
        layers: [
          { kind: 'conv2d', filters: 3, activation: 'relu', kernelSize: 2 },
          { kind: 'conv2d', filters: 4, ...conv },
          ...flatDense,
        ],
      },
    ]),
  ),
  ...Object.fromEntries(
    (['maxPooling2d', 'averagePooling2d'] as const).flatMap(kind =>
      [{}, { poolSize: 3, strides: 2 }, { poolSize: [2, 3], strides: 1, padding: 'same' }].map(pool => [
        `${kind} ${JSON.stringify(pool)}`,
        {
          shape: [7, 8, 2],
          layers: [{ kind: 'conv2d', filters: 3, kernelSize: 2 }, { kind, ...pool }, ...flatDense],
        },
      ]),
    ),
  ),
  'batch normalization of images': {
    shape: [6, 6, 2],
    layers: [{ kind: 'conv2d', filters: 3, kernelSize: 3 }, { kind: 'batchNormalization' }, ...flatDense],
  },
  'batch normalization of rows, without scale': {
    shape: [6],
    layers: [
      { kind: 'dense', units: 5 },
      { kind: 'batchNormalization', scale: false },
      { kind: 'dense', units: 2 },
    ],
  },
  'batch normalization without center': {
    shape: [6],
    layers: [
      { kind: 'dense', units: 5 },
      { kind: 'batchNormalization', center: false },
      { kind: 'dense', units: 2 },
    ],
  },
  dropout: {
    shape: [6],
    layers: [
      { kind: 'dense', units: 20 },
      { kind: 'dropout', rate: 0.4 },
      { kind: 'dense', units: 2 },
    ],
  },
  'tfjs LayerNormalization': {
    shape: [6],
    layers: [{ kind: 'dense', units: 5 }, tfjs('LayerNormalization'), { kind: 'dense', units: 2 }],
  },
  'tfjs DepthwiseConv2D': {
    shape: [7, 6, 3],
    layers: [
      { kind: 'conv2d', filters: 3, kernelSize: 1 },
      tfjs('DepthwiseConv2D', { kernel_size: [3, 2], depth_multiplier: 2, padding: 'same' }),
      ...flatDense,
    ],
  },
  'tfjs DepthwiseConv2D with strides': {
    shape: [7, 6, 3],
    layers: [
      { kind: 'conv2d', filters: 3, kernelSize: 1 },
      tfjs('DepthwiseConv2D', { kernelSize: 3, strides: 2 }),
      ...flatDense,
    ],
  },
  'tfjs SeparableConv2D': {
    shape: [7, 6, 3],
    layers: [tfjs('SeparableConv2D', { filters: 4, kernelSize: 3 }), ...flatDense],
  },
  'tfjs Conv2DTranspose': {
    shape: [4, 4, 2],
    layers: [tfjs('Conv2DTranspose', { filters: 3, kernelSize: 3, strides: 2 }), ...flatDense],
  },
  'tfjs Conv1D': { shape: [9, 2], layers: [tfjs('Conv1D', { filters: 3, kernelSize: 3 }), ...flatDense] },
  'tfjs GlobalAveragePooling2D': {
    shape: [5, 5, 2],
    layers: [
      { kind: 'conv2d', filters: 3, kernelSize: 2 },
      tfjs('GlobalAveragePooling2D'),
      { kind: 'dense', units: 2 },
    ],
  },
  'tfjs Embedding': {
    shape: [4],
    layers: [tfjs('Embedding', { inputDim: 6, outputDim: 3 }), ...flatDense],
    values: count => Float32Array.from({ length: count }, (_, i) => (i * 5) % 6),
  },
  'tfjs Conv3D': {
    shape: [4, 4, 4, 1],
    layers: [
      tfjs('Conv3D', { filters: 2, kernelSize: 2 }),
      tfjs('Conv3D', { filters: 2, kernelSize: 2 }),
      { kind: 'flatten' },
      { kind: 'dense', units: 2 },
    ],
  },
  'tfjs MaxPooling3D': {
    shape: [4, 4, 4, 1],
    layers: [tfjs('Conv3D', { filters: 2, kernelSize: 1 }), tfjs('MaxPooling3D'), ...flatDense],
  },
  'tfjs AveragePooling3D': {
    shape: [4, 4, 4, 1],
    layers: [tfjs('Conv3D', { filters: 2, kernelSize: 1 }), tfjs('AveragePooling3D'), ...flatDense],
  },
  ...Object.fromEntries(
    ['nearest', 'bilinear'].map(interpolation => [
      `tfjs UpSampling2D, ${interpolation}`,
      {
        // Not square, the cpu backend has no gradient of the bilinear one.
        shape: interpolation === 'nearest' ? [4, 5, 1] : [4, 4, 1],
        layers: [
          { kind: 'conv2d', filters: 2, kernelSize: 1 },
          tfjs('UpSampling2D', { interpolation, size: interpolation === 'nearest' ? [2, 3] : [2, 2] }),
          ...flatDense,
        ],
      },
    ]),
  ),
  'tfjs ZeroPadding2D and Cropping2D': {
    shape: [4, 5, 1],
    layers: [
      { kind: 'conv2d', filters: 2, kernelSize: 1 },
      tfjs('ZeroPadding2D', { padding: [2, 1] }),
      tfjs('Cropping2D', { cropping: 1 }),
      ...flatDense,
    ],
  },
  'tfjs pooling in one dimension': {
    shape: [8, 2],
    layers: [
      tfjs('Conv1D', { filters: 3, kernelSize: 1 }),
      tfjs('MaxPooling1D'),
      tfjs('AveragePooling1D'),
      tfjs('Permute', { dims: [2, 1] }),
      ...flatDense,
    ],
  },
  'tfjs GlobalMaxPooling2D': {
    shape: [5, 5, 2],
    layers: [{ kind: 'conv2d', filters: 3, kernelSize: 2 }, tfjs('GlobalMaxPooling2D'), { kind: 'dense', units: 2 }],
  },
  'tfjs ConvLSTM2D': {
    shape: [3, 4, 4, 1],
    layers: [tfjs('ConvLSTM2D', { filters: 2, kernelSize: 2 }), ...flatDense],
  },
  'tfjs Bidirectional GRU': {
    shape: [4, 3],
    layers: [
      tfjs('Bidirectional', { layer: { class_name: 'GRU', config: { units: 2 } } }),
      { kind: 'dense', units: 2 },
    ],
  },
  'tfjs TimeDistributed': {
    shape: [4, 3],
    layers: [
      tfjs('TimeDistributed', { layer: { class_name: 'Dense', config: { units: 2 } } }),
      tfjs('LeakyReLU'),
      ...flatDense,
    ],
  },
  'tfjs SimpleRNN behind a mask': {
    shape: [4, 3],
    layers: [tfjs('Masking'), tfjs('SimpleRNN', { units: 3 }), { kind: 'dense', units: 2 }],
  },
  'tfjs LSTM': { shape: [5, 3], layers: [tfjs('LSTM', { units: 4 }), { kind: 'dense', units: 2 }] },
  'tfjs GRU': { shape: [5, 3], layers: [tfjs('GRU', { units: 4 }), { kind: 'dense', units: 2 }] },
  'tfjs PReLU': {
    shape: [6],
    layers: [{ kind: 'dense', units: 5 }, tfjs('PReLU', { alphaInitializer: 'ones' }), { kind: 'dense', units: 2 }],
  },
  'tfjs Dense with an L2 penalty': {
    shape: [6],
    layers: [
      tfjs('Dense', { units: 5, kernel_regularizer: { class_name: 'L1L2', config: { l1: 0, l2: 0.1 } } }),
      { kind: 'dense', units: 2 },
    ],
  },
}

const ROWS = 6

const modelOf = (name: string): AutogradModel => {
  const { shape, layers } = MODELS[name] as (typeof MODELS)[string]
  const parsed = layers.map(layer => Layer.parse(layer))
  return parsed.some(({ kind }) => kind === 'tfjs')
    ? { layers: parsed, inputShape: shape }
    : { plan: planOf(shape, ...(layers as Parameters<typeof layersOf>)) }
}
const featuresOf = (name: string): Float32Array => {
  const { shape, values } = MODELS[name] as (typeof MODELS)[string]
  return values?.(sizeOf(shape) * ROWS) ?? rowsOf(sizeOf(shape), ROWS)
}

const weightsOf = (net: EngineNet): Record<string, Float32Array> =>
  structuredClone(net.weights) as Record<string, Float32Array>

/** What a step of gradient descent with a learning rate of 1 takes from every weight; moving statistics as they are then. */
async function stepped(backend: Backend, name: string) {
  await tf.setBackend(backend)
  const before = tf.backend().numDataIds()
  const net = await netOn(backend, modelOf(name))
  const start = weightsOf(net)
  const predicted = net.predict(featuresOf(name), ROWS)
  net.step(featuresOf(name), ROWS, squaredHead(ROWS), 1)
  const taken = Object.fromEntries(
    Object.entries(net.weights).map(([key, numbers]) => [
      key,
      Float64Array.from(numbers, (value, i) => (start[key]?.[i] as number) - value),
    ]),
  )
  net.dispose()
  assert.equal(tf.backend().numDataIds(), before, `${backend} holds nothing more`)
  return { taken, predicted }
}

for (const name of Object.keys(MODELS))
  test(`the gradients of ${name} on wasm are those of the cpu backend`, async () => {
    const [expected, found] = [await stepped('cpu', name), await stepped('wasm', name)]
    assert.deepEqual(Object.keys(found.taken), Object.keys(expected.taken))
    const size = Math.max(...Object.values(expected.taken).flatMap(values => [...values].map(Math.abs)))
    assert.ok(size > 1e-3, 'a gradient')
    for (const [key, values] of Object.entries(expected.taken)) {
      // Of weights that are much larger than their gradient the last bit alone is more than the tolerance.
      const gap = distance(found.taken[key] ?? [], values)
      const absolute = gap * Math.max(...[...values].map(Math.abs))
      assert.ok(gap < 1e-5 || absolute < 1e-6, `${key}: ${gap}`)
    }
    const gap = distance(found.predicted, expected.predicted)
    assert.ok(gap < 1e-5, `predictions: ${gap}`)
  })

/** Whoever copies a penalty's gradient out of the loss has to add the penalty to it. */
const PENALIZED = 'tfjs Dense with an L2 penalty'

for (const name of Object.keys(MODELS).filter(each => each !== PENALIZED))
  test(`the loss of ${name} changes in a random direction as its gradient says`, async () => {
    const options = optionsOf({})
    await netOn('cpu', modelOf(name)).then(net => net.dispose())
    const net = createAutogradNet(modelOf(name), options)
    const start = weightsOf(net)
    const state = options.random.state
    const features = featuresOf(name)
    /** In training: with the masks and the statistics of the batch. */
    const lossAt = (direction: Record<string, Float64Array>, far: number, rate = 0): number => {
      for (const [key, numbers] of Object.entries(start))
        net.weights[key]?.set(numbers.map((value, i) => value + far * (direction[key]?.[i] ?? 0)))
      net.stateChanged()
      options.random.state = state
      const losses: number[] = []
      net.step(features, ROWS, squaredHead(ROWS, losses), rate)
      return losses[0] as number
    }
    lossAt({}, 0, 1)
    const gradient = Object.entries(weightsOf(net)).map(
      ([key, numbers]) => [key, Float64Array.from(numbers, (value, i) => (start[key]?.[i] as number) - value)] as const,
    )
    const norm = Math.sqrt(gradient.reduce((sum, [, g]) => sum + g.reduce((all, value) => all + value * value, 0), 0))
    for (const seed of [1, 2]) {
      const random = new RandomState(seed)
      // Half along the gradient, so that the change is not small by chance; moving statistics are no variables of the loss.
      const direction = Object.fromEntries(
        gradient
          .filter(([key]) => !key.includes('moving_'))
          .map(([key, g]) => {
            const noise = random.randn(g.length)
            return [key, g.map((value, i) => value / norm + (0.3 * (noise[i] as number)) / Math.sqrt(g.length))]
          }),
      )
      const expected = gradient.reduce(
        (sum, [key, g]) => sum + g.reduce((all, value, i) => all + value * (direction[key]?.[i] ?? 0), 0),
        0,
      )
      const far = 2 ** -10
      const found = (lossAt(direction, far) - lossAt(direction, -far)) / (2 * far)
      assert.ok(Math.abs(found / expected - 1) < 5e-3, `${found} is not ${expected}`)
    }
    net.dispose()
  })
