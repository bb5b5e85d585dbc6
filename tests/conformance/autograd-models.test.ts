// The three forms in which a model is given to the engine autograd, what it says of itself, and what is refused in which words.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-core'
import * as tfjs from '@tensorflow/tfjs-layers'
import { type AutogradModel, describeModel } from '../../packages/trainer/src/engine/autograd/model.ts'
import { TrainerError } from '../../packages/trainer/src/errors.ts'
import {
  distance,
  type LayerRequest,
  layersOf,
  netOn,
  openBackends,
  planOf,
  rowsOf,
  squaredHead,
  train,
} from '../unit/trainer/autograd-nets.ts'

before(openBackends)

type Json = Record<string, unknown>

const glorot = { class_name: 'GlorotUniform', config: { seed: null } }
const zeros = { class_name: 'Zeros', config: {} }
const dense = (name: string, units: number, activation: string, more: Json = {}): Json => ({
  class_name: 'Dense',
  config: {
    name,
    trainable: true,
    dtype: 'float32',
    units,
    activation,
    use_bias: true,
    kernel_initializer: glorot,
    bias_initializer: zeros,
    ...more,
  },
})
const sequential = (...layers: Json[]): Json => ({
  class_name: 'Sequential',
  config: { name: 'sequential', layers },
  keras_version: '2.15.0',
  backend: 'tensorflow',
})
/** A functional model whose second layer's output is added to the first's. */
const skipping: Json = {
  class_name: 'Functional',
  config: {
    name: 'model_a',
    layers: [
      {
        class_name: 'InputLayer',
        config: { batch_input_shape: [null, 4], dtype: 'float32', sparse: false, ragged: false, name: 'input_1' },
        name: 'input_1',
        inbound_nodes: [],
      },
      { ...dense('first_one', 5, 'relu'), name: 'first_one', inbound_nodes: [[['input_1', 0, 0, {}]]] },
      { ...dense('second_one', 5, 'tanh'), name: 'second_one', inbound_nodes: [[['first_one', 0, 0, {}]]] },
      {
        class_name: 'Add',
        config: { name: 'add_up', trainable: true, dtype: 'float32' },
        name: 'add_up',
        inbound_nodes: [
          [
            ['first_one', 0, 0, {}],
            ['second_one', 0, 0, {}],
          ],
        ],
      },
      { ...dense('classes', 3, 'softmax'), name: 'classes', inbound_nodes: [[['add_up', 0, 0, {}]]] },
    ],
    input_layers: [['input_1', 0, 0]],
    output_layers: [['classes', 0, 0]],
  },
}
/** The same as Keras 3 writes it. */
const tensor = (name: string): Json => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 5], dtype: 'float32', keras_history: [name, 0, 0] },
})
const policy = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null }
const called = (layer: Json, args: unknown[]): Json => ({
  module: 'keras.layers',
  ...layer,
  registered_name: null,
  name: (layer.config as Json).name,
  inbound_nodes: [{ args, kwargs: {} }],
})
const dense3 = (name: string, units: number, activation: string) => dense(name, units, activation, { dtype: policy })
const skipping3: Json = {
  module: 'keras.src.models.functional',
  class_name: 'Functional',
  config: {
    name: 'functional_a',
    trainable: true,
    layers: [
      {
        module: 'keras.layers',
        class_name: 'InputLayer',
        config: { batch_shape: [null, 4], dtype: 'float32', sparse: false, name: 'input_1' },
        registered_name: null,
        name: 'input_1',
        inbound_nodes: [],
      },
      called(dense3('first_one', 5, 'relu'), [tensor('input_1')]),
      called(dense3('second_one', 5, 'tanh'), [tensor('first_one')]),
      called({ class_name: 'Add', config: { name: 'add_up', dtype: policy } }, [
        [tensor('first_one'), tensor('second_one')],
      ]),
      called(dense3('classes', 3, 'softmax'), [tensor('add_up')]),
    ],
    input_layers: ['input_1', 0, 0],
    output_layers: ['classes', 0, 0],
  },
}

const small = { topology: sequential(dense('dense', 5, 'relu'), dense('dense_1', 3, 'softmax')), inputShape: [4] }
const smallLayers: LayerRequest[] = [
  { kind: 'dense', units: 5, activation: 'relu' },
  { kind: 'dense', units: 3, activation: 'softmax' },
]

test('a net starts with the same bits as a plan, as layers and as a topology', async () => {
  const forms: AutogradModel[] = [
    { plan: planOf([4], ...smallLayers) },
    { layers: layersOf(...smallLayers), inputShape: [4] },
    small,
    { ...small, topology: { modelTopology: { model_config: JSON.stringify(small.topology) } } },
  ]
  const starts = []
  for (const form of forms) {
    const net = await netOn('cpu', form)
    starts.push({ weights: structuredClone(net.weights), outputs: net.outputs, ending: net.finalActivation })
    net.dispose()
  }
  for (const start of starts.slice(1)) assert.deepEqual(start, starts[0])
  assert.deepEqual(Object.keys(starts[0]?.weights ?? {}), [
    'dense/kernel',
    'dense/bias',
    'dense_1/kernel',
    'dense_1/bias',
  ])
  assert.equal(starts[0]?.ending, 'softmax')
})

test('a functional model has the same weights as Keras 2 and as Keras 3 writes it, and learns', async () => {
  const nets = []
  for (const topology of [skipping, skipping3]) nets.push(await netOn('wasm', { topology, inputShape: [4] }))
  const [keras2, keras3] = nets as [(typeof nets)[number], (typeof nets)[number]]
  assert.deepEqual(keras3.weights, keras2.weights)
  assert.deepEqual(
    keras2.summary.map(({ name, type, outputShape, params }) => [name, type, outputShape, params]),
    [
      ['first_one', 'Dense', [5], 25],
      ['second_one', 'Dense', [5], 30],
      ['add_up', 'Add', [5], 0],
      ['classes', 'Dense', [3], 18],
    ],
  )
  const losses: number[] = []
  const head = squaredHead(8, losses)
  for (let step = 0; step < 30; step++) keras2.step(rowsOf(4, 8), 8, head, 0.05)
  assert.ok((losses.at(-1) as number) < 0.5 * (losses[0] as number))
  for (const net of nets) net.dispose()
})

const OPENED: Record<string, AutogradModel> = {
  'a plan': {
    plan: planOf(
      [6, 6, 2],
      { kind: 'conv2d', filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'hardSigmoid' },
      { kind: 'batchNormalization' },
      { kind: 'dropout', rate: 0.2 },
      { kind: 'averagePooling2d' },
      { kind: 'flatten' },
      { kind: 'dense', units: 3, activation: 'softmax' },
    ),
  },
  'layers with some of tfjs': {
    layers: layersOf(
      { kind: 'conv2d', filters: 3, kernelSize: 3 },
      { kind: 'tfjs', className: 'LayerNormalization', config: { axis: -1 } },
      { kind: 'tfjs', className: 'GlobalMaxPooling2D', config: {} },
      { kind: 'tfjs', className: 'Dense', config: { units: 3, activation: 'softmax' } },
    ),
    inputShape: [6, 6, 2],
  },
  'a functional topology': { topology: skipping, inputShape: [4] },
  'a layer Softmax at the end': {
    topology: sequential(dense('dense', 3, 'linear'), { class_name: 'Softmax', config: { name: 'softmax', axis: -1 } }),
    inputShape: [4],
  },
}

for (const [name, model] of Object.entries(OPENED))
  test(`the topology and weights that ${name} leaves are opened by tfjs and predict the same, softmax included`, async () => {
    const net = await netOn('cpu', model)
    const shape = 'plan' in model ? model.plan.inputShape : model.inputShape
    const inputs = shape.reduce((product, side) => product * side, 1)
    train(net, { steps: 3, rows: 4, inputs })
    const opened = await tfjs.models.modelFromJSON(
      structuredClone(net.topology) as unknown as tfjs.ModelAndWeightsConfig,
    )
    opened.loadWeights(
      Object.fromEntries(
        Object.entries(net.weights).map(([key, numbers]) => [
          key,
          tf.tensor(numbers as Float32Array, [...(net.shapes[key] as number[])]),
        ]),
      ),
    )
    const rows = rowsOf(inputs, 5)
    const predicted = opened.predict(tf.tensor(rows, [5, ...shape])) as tf.Tensor
    const expected = tf.softmax(tf.tensor2d(net.predict(rows, 5), [5, 3])).dataSync()
    assert.equal(net.finalActivation, 'softmax')
    assert.equal(describeModel(model).finalActivation, 'softmax')
    assert.ok(distance(predicted.dataSync(), expected) < 1e-6)
    net.dispose()
  })

test('the same seed gives the same start, whatever the layer, and another seed another', async () => {
  const start = async (seed: number) => {
    const layers = layersOf(
      { kind: 'tfjs', className: 'LSTM', config: { units: 4 } },
      {
        kind: 'tfjs',
        className: 'Dense',
        config: { units: 3, kernelInitializer: { className: 'TruncatedNormal', config: {} } },
      },
      { kind: 'dense', units: 2 },
    )
    const net = await netOn('cpu', { layers, inputShape: [5, 3] }, { seed })
    const weights = structuredClone(net.weights)
    net.dispose()
    return weights
  }
  const first = await start(1)
  assert.deepEqual(await start(1), first)
  const second = await start(2)
  for (const [name, numbers] of Object.entries(first))
    if (numbers.some(value => value !== 0 && value !== 1)) assert.notDeepEqual(second[name], numbers, name)
  // Orthogonal: the rows of 4 × 16 are of length 1 and at right angles.
  const [, recurrent] = Object.entries(first).find(([name]) => name.includes('recurrent_kernel')) as [
    string,
    Float32Array,
  ]
  for (let a = 0; a < 4; a++)
    for (let b = 0; b < 4; b++) {
      let product = 0
      for (let i = 0; i < 16; i++) product += (recurrent[a * 16 + i] as number) * (recurrent[b * 16 + i] as number)
      assert.ok(Math.abs(product - (a === b ? 1 : 0)) < 1e-6)
    }
})

test('dropout keeps each value whose drawn number is at least the rate, in the order of rows', async () => {
  const plan = planOf([50], { kind: 'dropout', rate: 0.25 }, { kind: 'dense', units: 1, useBias: false })
  const { optionsOf } = await import('../unit/trainer/autograd-nets.ts')
  const { createAutogradNet } = await import('../../packages/trainer/src/engine/autograd/net.ts')
  const { RandomState } = await import('../../packages/trainer/src/random/random-state.ts')
  const options = optionsOf({})
  const net = createAutogradNet({ plan }, options)
  const kernel = (net.weights['dense/kernel'] as Float32Array).slice()
  const expected = new RandomState(0)
  expected.state = options.random.state
  net.step(new Float32Array(100).fill(1), 2, (_, gradient) => void gradient.set([1, 0]), 1)
  const drawn = expected.rand(100)
  const after = net.weights['dense/kernel'] as Float32Array
  kernel.forEach((value, i) => {
    const kept = (drawn[i] as number) >= 0.25
    assert.ok(Math.abs(value - (after[i] as number) - (kept ? 1 / 0.75 : 0)) < 1e-6)
  })
  assert.deepEqual(options.random.state, expected.state)
  const once = net.predict(new Float32Array(50).fill(1), 1)
  assert.deepEqual(net.predict(new Float32Array(50).fill(1), 1), once)
  net.dispose()
})

test('300 steps and 300 predictions leave no tensor behind, and dispose gives back all', async () => {
  for (const backend of ['wasm', 'cpu'] as const) {
    await tf.setBackend(backend)
    const before = tf.memory().numTensors
    const model = OPENED['a plan'] as AutogradModel
    const net = await netOn(backend, model, { optimizer: { kind: 'adam' } })
    train(net, { steps: 2, rows: 3, inputs: 72 })
    const held = [tf.memory().numTensors, tf.backend().numDataIds()]
    train(net, { steps: 300, rows: 3, inputs: 72 })
    for (let i = 0; i < 300; i++) net.predict(rowsOf(72, 2), 2)
    net.stateChanged()
    assert.deepEqual([tf.memory().numTensors, tf.backend().numDataIds()], held)
    net.dispose()
    assert.equal(tf.memory().numTensors, before)
  }
})

const layer = (className: string, config: Json = {}): AutogradModel => ({
  layers: layersOf({ kind: 'dense', units: 4 }, { kind: 'tfjs', className, config }, { kind: 'dense', units: 1 }),
  inputShape: [4],
})
const REFUSED: [string, AutogradModel, RegExp][] = [
  ['a layer that draws noise', layer('GaussianNoise', { stddev: 0.1 }), /GaussianNoise \(layer\) draws random numbers/],
  ['dropout inside a recurrent layer', layer('GRU', { units: 2, recurrent_dropout: 0.2 }), /has dropout of its own/],
  ['a recurrent layer with a state', layer('LSTM', { units: 2, stateful: true }), /no checkpoint keeps/],
  [
    'a dilated convolution',
    {
      layers: layersOf({
        kind: 'tfjs',
        className: 'Conv2D',
        config: { filters: 2, kernelSize: 2, dilation_rate: [1, 2] },
      }),
      inputShape: [6, 6, 1],
    },
    /is dilated/,
  ],
  ['a layer that nobody knows', layer('Perceptron'), /^The tensor library has no layer Perceptron\.$/],
  ['a config without what the layer needs', layer('Dense'), /cannot build the layer Dense \(layer\): .*units/],
  [
    'a dense layer on images',
    { layers: layersOf({ kind: 'dense', units: 1 }), inputShape: [4, 4, 1] },
    /^Layer 1 \(dense\) wants a row of numbers/,
  ],
  ['no model', { topology: { class_name: 'Dense', config: {} }, inputShape: [4] }, /it is a Dense, and a Sequential/],
  ['no JSON', { topology: { modelTopology: '{' }, inputShape: [4] }, /text that is not JSON/],
  ['an empty model', { topology: sequential(), inputShape: [4] }, /has no list of layers/],
  [
    'an input of another shape',
    { ...small, inputShape: [4], topology: sequential(dense('d', 2, 'relu', { batch_input_shape: [null, 7] })) },
    /takes rows of the shape \[7\], and the data has rows of the shape \[4\]/,
  ],
  [
    'two outputs',
    {
      topology: {
        ...skipping,
        config: {
          ...(skipping.config as Json),
          output_layers: [
            ['classes', 0, 0],
            ['add_up', 0, 0],
          ],
        },
      },
      inputShape: [4],
    },
    /has 1 inputs and 2 outputs/,
  ],
  [
    'softmax over a part of the outputs',
    { topology: sequential(dense('d', 2, 'softmax')), inputShape: [3, 4] },
    /ends with a softmax over a part of \[3, 2\]/,
  ],
  [
    'a model without weights',
    { topology: sequential({ class_name: 'Flatten', config: { name: 'f' } }), inputShape: [4] },
    /has no weight to train/,
  ],
]

for (const [what, model, says] of REFUSED)
  test(`${what} is refused in words`, async () => {
    await assert.rejects(netOn('cpu', model), (error: unknown) => {
      assert.ok(error instanceof TrainerError, String(error))
      assert.equal(error.code, 'TRAIN_BAD_MODEL')
      assert.match(error.message, says)
      return true
    })
  })

test('a model of which the library has no gradient is refused before its first batch', async () => {
  for (const backend of ['cpu', 'wasm'] as const)
    await assert.rejects(
      netOn(backend, layer('ThresholdedReLU')),
      new RegExp(`^TrainerError: The tensor library cannot train this model on its backend ${backend}: .*Greater`),
    )
})

test('what a model is can be said before the tensor library is loaded', () => {
  const convolutional = {
    layers: layersOf({ kind: 'tfjs', className: 'SeparableConv2D', config: {} }),
    inputShape: [4],
  }
  assert.deepEqual(describeModel(convolutional), { finalActivation: 'linear', ends: 'linear', convolutions: true })
  assert.deepEqual(describeModel(small), { finalActivation: 'softmax', ends: 'softmax', convolutions: false })
  assert.deepEqual(describeModel({ topology: skipping3, inputShape: [4] }), {
    finalActivation: 'softmax',
    ends: 'softmax',
    convolutions: false,
  })
  const recurrent = {
    layers: layersOf({ kind: 'tfjs', className: 'LSTM', config: { activation: 'tanh' } }),
    inputShape: [4],
  }
  assert.equal(describeModel(recurrent).finalActivation, 'linear')
})

test('an activation that flatten or dropout comes behind is known, though it stays in the net', () => {
  const image = { kind: 'conv2d', filters: 1, kernelSize: 2, activation: 'sigmoid' }
  const plan = planOf([2, 2, 1], image as LayerRequest, { kind: 'flatten' })
  const { finalActivation, ends } = describeModel({ plan })
  assert.deepEqual([finalActivation, ends], ['linear', 'sigmoid'])
  const reshaped = sequential(dense('a', 4, 'softmax'), {
    class_name: 'Reshape',
    config: { name: 'reshape', target_shape: [4] },
  })
  const described = describeModel({ topology: reshaped, inputShape: [3] })
  assert.deepEqual([described.finalActivation, described.ends], ['linear', 'softmax'])
})

test('a frozen layer of a topology keeps its weights', async () => {
  const topology = sequential(dense('kept', 3, 'tanh', { trainable: false }), dense('learned', 1, 'linear'))
  const net = await netOn('cpu', { topology, inputShape: [2] })
  try {
    const copyOf = (name: string): number[] => [...(net.weights[name] ?? assert.fail(name))]
    const [kept, learned] = [copyOf('kept/kernel'), copyOf('learned/kernel')]
    train(net, { steps: 3, rows: 8, inputs: 2 })
    assert.deepEqual(copyOf('kept/kernel'), kept)
    assert.notDeepEqual(copyOf('learned/kernel'), learned)
  } finally {
    net.dispose()
  }
})

test('Keras’s L1 and L2 are tfjs’s L1L2 with the other one 0', async () => {
  for (const [class_name, config, expected] of [
    ['L2', { l2: 0.5 }, { l1: 0, l2: 0.5 }],
    ['L1', { l1: 0.25 }, { l1: 0.25, l2: 0 }],
  ] as const) {
    const topology = sequential(dense('a', 2, 'linear', { kernel_regularizer: { class_name, config } }))
    const net = await netOn('cpu', { topology, inputShape: [2] })
    assert.match(JSON.stringify(net.topology), new RegExp(`"l1":${expected.l1}[,}].*"l2":${expected.l2}[,}]`))
    net.dispose()
  }
})
