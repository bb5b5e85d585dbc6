import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  epochValueNames,
  type Finding,
  ModelTraining,
  PresetTraining,
  trainingFindings,
  WorkerTraining,
} from '@trotline/contracts'

const DENSE = { layers: [{ kind: 'dense', units: 10 }] }
const NUMBERS = {
  kind: 'model',
  data: { format: 'csv', path: '/d.csv', target: 'y' },
  model: { layers: [{ kind: 'dense', units: 1 }] },
  optimizer: { kind: 'adam' },
  loss: 'mse',
  metrics: ['mae'],
  epochs: 10,
}
const CLASSES = {
  ...NUMBERS,
  data: { format: 'npz', path: '/d.npz' },
  model: DENSE,
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
}
const IMAGES = { ...CLASSES, data: { format: 'cifar10', files: ['/b.bin'] } }

const of = (training: unknown, gpus = 0): Finding[] => trainingFindings(WorkerTraining.parse(training), gpus)
const layers = (...given: unknown[]) => ({ model: { layers: given } })
const conv = { kind: 'conv2d', filters: 4, kernelSize: 3 }
const dense = { kind: 'dense', units: 10 }

test('a training that says what it means has nothing against it', () => {
  for (const training of [
    NUMBERS,
    CLASSES,
    {
      ...IMAGES,
      ...layers(conv, { kind: 'maxPooling2d' }, { kind: 'flatten' }, { kind: 'dropout', rate: 0.5 }, dense),
    },
    { ...CLASSES, classWeights: { 0: 1, 9: 0 }, fromLogits: true, shares: 4, backend: 'simd' },
    {
      ...NUMBERS,
      validationSplit: 0.2,
      earlyStopping: { monitor: 'val_mae', restoreBestWeights: true },
      bestWeights: { monitor: 'val_mae' },
    },
    { ...NUMBERS, backend: 'simd', ...layers({ kind: 'dense', units: 1, activation: 'gelu' }) },
    // A 1 among zeros is a target for a loss of numbers too.
    { ...IMAGES, ...layers({ kind: 'flatten' }, dense), loss: 'mse', classWeights: { 9: 2 } },
    { ...NUMBERS, loss: 'binaryCrossentropy', metrics: ['accuracy'], classWeights: { 1: 2 } },
    { ...NUMBERS, model: { topology: { class_name: 'Sequential', config: {} } } },
    { ...IMAGES, ...layers({ kind: 'tfjs', className: 'GlobalAveragePooling2D' }, dense) },
  ])
    assert.deepEqual(of(training), [], JSON.stringify(training))
})

test('every preset is right by itself, on a CPU and, if it is a net, on a GPU', () => {
  for (const preset of ['linear-regression', 'auto-mpg', 'fashion-mnist', 'cifar10'] as const) {
    const training = PresetTraining.parse({
      kind: 'preset',
      preset,
      ...(preset === 'cifar10' ? { directory: '/c' } : {}),
    })
    assert.deepEqual(trainingFindings(training, 0), [])
    const onGpu = trainingFindings(training, 1).map(({ pointer }) => pointer)
    assert.deepEqual(onGpu, preset === 'linear-regression' ? ['/resources/gpus'] : [])
  }
})

describe('backends and GPUs', () => {
  const withBackend = (backend: string) => ({ ...NUMBERS, backend })
  test('a job with GPUs is not sent to a backend without', () => {
    for (const backend of ['tfjs-node', 'simd', 'wasm', 'cpu'])
      assert.equal(of(withBackend(backend), 2)[0]?.pointer, '/training/backend', backend)
    for (const backend of ['auto', 'any', 'tfjs-node-gpu', 'webgpu']) assert.deepEqual(of(withBackend(backend), 2), [])
  })
  test('a job without a GPU is not sent to the backend that wants one', () => {
    assert.equal(of(withBackend('tfjs-node-gpu'))[0]?.found, 'tfjs-node-gpu')
    for (const backend of ['auto', 'any', 'tfjs-node', 'webgpu', 'simd', 'wasm', 'cpu'])
      assert.deepEqual(of(withBackend(backend)), [])
  })
  test('linear regression runs on the CPU, and on a GPU node where the request says any', () => {
    const line = { kind: 'preset', preset: 'linear-regression' }
    assert.deepEqual(of({ ...line, backend: 'any' }, 1), [])
    assert.deepEqual(of({ ...line, backend: 'cpu' }), [])
    assert.equal(of({ ...line, backend: 'wasm' })[0]?.pointer, '/training/backend')
  })
})

describe('what is refused before it is queued', () => {
  const REFUSED: [what: string, training: unknown, pointer: string, detail: RegExp][] = [
    [
      'class weights without classes',
      { ...NUMBERS, classWeights: { 0: 1 } },
      '/classWeights',
      /with the loss mse the target is a number/,
    ],
    [
      'the weight of a class that the net lacks',
      { ...CLASSES, classWeights: { 10: 1 } },
      '/classWeights/10',
      /10 classes, 0 to 9/,
    ],
    ['accuracy of numbers', { ...NUMBERS, metrics: ['mae', 'acc'] }, '/metrics/1', /the target is a number/],
    [
      'the five highest of two',
      { ...CLASSES, loss: 'binaryCrossentropy', metrics: ['topKAccuracy'] },
      '/metrics/0',
      /one class of many/,
    ],
    [
      'a row of ones and zeros in one column',
      { ...NUMBERS, ...layers(dense), metrics: [], loss: 'categoricalCrossentropy' },
      '/loss',
      /the target is one column/,
    ],
    [
      'two numbers for one target',
      { ...NUMBERS, ...layers({ kind: 'dense', units: 2 }) },
      '/model/layers/0/units',
      /one number/,
    ],
    [
      'one number for three classes',
      {
        ...NUMBERS,
        data: { ...NUMBERS.data, columns: { y: { categories: ['a', 'b', 'c'] } } },
        loss: 'binaryCrossentropy',
        metrics: ['accuracy'],
      },
      '/model/layers/0/units',
      /has 3 classes/,
    ],
    [
      'the weight of a third class of two',
      { ...NUMBERS, loss: 'binaryCrossentropy', metrics: [], classWeights: { 2: 1 } },
      '/classWeights/2',
      /2 classes, 0 to 1/,
    ],
    [
      'a metric twice',
      { ...NUMBERS, metrics: ['mae', 'meanAbsoluteError'] },
      '/metrics/1',
      /the same as metrics\.0, mae/,
    ],
    ['logits of numbers', { ...NUMBERS, fromLogits: true }, '/fromLogits', /mse takes the net’s numbers/],
    [
      'logits after softmax',
      { ...CLASSES, ...layers({ ...dense, activation: 'softmax' }), fromLogits: true },
      '/fromLogits',
      /ends in softmax/,
    ],
    [
      'logits after a sigmoid of its own',
      { ...CLASSES, ...layers(dense, { kind: 'activation', activation: 'sigmoid' }), fromLogits: true },
      '/fromLogits',
      /ends in sigmoid/,
    ],
    [
      'classes of miles per gallon',
      { ...NUMBERS, metrics: [], data: { format: 'auto-mpg' }, loss: 'binaryCrossentropy' },
      '/loss',
      /is a number/,
    ],
    [
      'several numbers for miles per gallon',
      { ...NUMBERS, data: { format: 'auto-mpg' }, model: DENSE },
      '/model/layers/0/units',
      /one number/,
    ],
    [
      'one number for many classes',
      { ...CLASSES, ...layers({ ...dense, units: 1 }) },
      '/model/layers/0/units',
      /a number for each class/,
    ],
    [
      'nine numbers for ten classes',
      { ...IMAGES, ...layers({ kind: 'flatten' }, { ...dense, units: 9 }) },
      '/model/layers/1/units',
      /has 10 classes/,
    ],
    [
      'a monitor of validation without one',
      { ...NUMBERS, earlyStopping: {} },
      '/earlyStopping/monitor',
      /has a value val_loss/,
    ],
    [
      'a monitor that is no metric',
      { ...NUMBERS, bestWeights: { monitor: 'accuracy' } },
      '/bestWeights/monitor',
      /has a value accuracy/,
    ],
    [
      'an early stop after the end',
      { ...NUMBERS, earlyStopping: { monitor: 'loss', startFromEpoch: 10 } },
      '/earlyStopping/startFromEpoch',
      /there are 10/,
    ],
    [
      'two kinds of best weights',
      { ...NUMBERS, earlyStopping: { monitor: 'loss', restoreBestWeights: true }, bestWeights: { monitor: 'mae' } },
      '/bestWeights',
      /Two weights/,
    ],
    ['more shares than rows', { ...NUMBERS, batchSize: 4, shares: 5 }, '/shares', /A batch of 4 cannot be cut into 5/],
    [
      'shares for another engine',
      { ...NUMBERS, shares: 2, backend: 'tfjs-node' },
      '/shares',
      /the backend tfjs-node has another engine/,
    ],
    [
      'nesterov without momentum',
      { ...NUMBERS, optimizer: { kind: 'sgd', nesterov: true } },
      '/optimizer/nesterov',
      /momentum is 0/,
    ],
    [
      'boundaries that fall',
      {
        ...NUMBERS,
        optimizer: {
          kind: 'sgd',
          learningRate: { kind: 'piecewiseConstantDecay', boundaries: [5, 5], values: [1, 1, 1] },
        },
      },
      '/optimizer/learningRate/boundaries/1',
      /5 follows 5/,
    ],
    [
      'a warm-up without steps',
      {
        ...NUMBERS,
        optimizer: {
          kind: 'sgd',
          learningRate: { kind: 'cosineDecay', initialLearningRate: 0, decaySteps: 9, warmupTarget: 1 },
        },
      },
      '/optimizer/learningRate/warmupTarget',
      /warmupSteps is 0/,
    ],
    [
      'a warm-up to nothing',
      {
        ...NUMBERS,
        optimizer: {
          kind: 'sgd',
          learningRate: { kind: 'cosineDecay', initialLearningRate: 0, decaySteps: 9, warmupSteps: 1 },
        },
      },
      '/optimizer/learningRate/warmupSteps',
      /no warmupTarget/,
    ],
    [
      'two layers of one name',
      { ...NUMBERS, ...layers({ ...dense, name: 'a' }, { kind: 'dense', units: 1, name: 'a' }) },
      '/model/layers/1/name',
      /layers\.0 has the name a/,
    ],
    [
      'limits the wrong way round',
      {
        ...NUMBERS,
        ...layers({ kind: 'dense', units: 1, kernelInitializer: { kind: 'randomUniform', minval: 1, maxval: 0 } }),
      },
      '/model/layers/0/kernelInitializer/maxval',
      /less than minval/,
    ],
    [
      'a dense layer on images',
      { ...IMAGES, ...layers(conv, dense) },
      '/model/layers/1',
      /model\.layers\.0, conv2d, gives images/,
    ],
    [
      'a convolution of rows',
      { ...NUMBERS, ...layers(conv, { kind: 'flatten' }, { kind: 'dense', units: 1 }) },
      '/model/layers/0',
      /the data \(csv\) gives rows of numbers/,
    ],
    [
      'pooling after flatten',
      { ...CLASSES, ...layers(conv, { kind: 'flatten' }, { kind: 'maxPooling2d' }, { kind: 'flatten' }, dense) },
      '/model/layers/2',
      /flatten, gives rows/,
    ],
    [
      'a layer that simd lacks',
      { ...NUMBERS, backend: 'simd', ...layers({ kind: 'batchNormalization' }, { kind: 'dense', units: 1 }) },
      '/model/layers/0/kind',
      /no layer batchNormalization/,
    ],
    [
      'an activation that simd lacks',
      { ...NUMBERS, backend: 'simd', ...layers({ ...dense, activation: 'gelu' }, { kind: 'dense', units: 1 }) },
      '/model/layers/0/activation',
      /no activation gelu before the end/,
    ],
    [
      'a target that is skipped',
      { ...NUMBERS, data: { ...NUMBERS.data, columns: { y: 'skip' } } },
      '/data/columns/y',
      /cannot be skipped/,
    ],
    [
      'a target that is no column',
      { ...NUMBERS, data: { ...NUMBERS.data, names: ['a', 'b'] } },
      '/data/target',
      /no column y/,
    ],
    [
      'a column that is none',
      { ...NUMBERS, data: { ...NUMBERS.data, names: ['a', 'y'], columns: { 'a/b': 'skip' } } },
      '/data/columns/a~1b',
      /no column a\/b/,
    ],
    [
      'two columns of one name',
      { ...NUMBERS, data: { ...NUMBERS.data, names: ['a', 'y', 'a'] } },
      '/data/names/2',
      /names\.0 is a already/,
    ],
    [
      'nothing to learn from',
      { ...NUMBERS, data: { ...NUMBERS.data, names: ['a', 'y'], columns: { a: 'skip' } } },
      '/data/columns',
      /No column is left/,
    ],
    [
      'a part of the built-in table as test data',
      { ...NUMBERS, data: { format: 'auto-mpg' }, testData: { format: 'auto-mpg' } },
      '/testData/format',
      /one table/,
    ],
  ]
  for (const [what, training, pointer, detail] of REFUSED)
    test(what, () => {
      const [finding, ...more] = of(training)
      assert.deepEqual(more, [])
      assert.equal(finding?.pointer, `/training${pointer}`)
      assert.match(finding?.detail ?? '', detail)
    })

  test('shares are refused where GPUs bring another engine, and not where they may be let go', () => {
    assert.match(of({ ...NUMBERS, shares: 2 }, 1)[0]?.detail ?? '', /a job with GPUs has another engine/)
    assert.deepEqual(of({ ...NUMBERS, shares: 2, backend: 'any' }, 1), [])
  })

  test('several faults are all told', () => {
    const training = { ...NUMBERS, classWeights: { 0: 1 }, metrics: ['acc'], shares: 64 }
    assert.equal(of(training).length, 3)
  })
})

describe('the hint on a monitor', () => {
  const hint = (over: object, monitor: string) => of({ ...NUMBERS, ...over, bestWeights: { monitor } })[0]?.hint
  test('names the value under the word that is shown', () => {
    assert.equal(hint({}, 'meanAbsoluteError'), 'Say mae')
    assert.equal(hint({ validationSplit: 0.1 }, 'val_meanAbsoluteError'), 'Say val_mae')
  })
  test('says what would make the value', () => {
    assert.equal(hint({ validationSplit: 0.1 }, 'val_mse'), 'Add mse to metrics')
    assert.match(hint({}, 'val_mae') ?? '', /validationSplit or validationData/)
    assert.equal(hint({}, 'happiness'), undefined)
  })
  test('comes with the values that there are', () => {
    const training = ModelTraining.parse({ ...NUMBERS, metrics: ['mae', 'topKAccuracy'], validationSplit: 0.2 })
    assert.deepEqual(epochValueNames(training), [
      'loss',
      'mae',
      'top_5_accuracy',
      'val_loss',
      'val_mae',
      'val_top_5_accuracy',
    ])
  })
})
