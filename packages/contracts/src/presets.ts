// Presets are names for complete requests: this is what each name stands for.
import type { Data } from './data.ts'
import type { Layer } from './net.ts'
import { ModelTraining, type PresetTraining } from './training.ts'

/** null: linear regression is no net and has a loop of its own. What it answers is shared, and frozen. */
export function expandPreset(training: PresetTraining): ModelTraining | null {
  const { epochs, seed, backend } = training
  switch (training.preset) {
    case 'linear-regression':
      return null
    case 'auto-mpg': {
      const { trainFraction, splitSeed } = training
      return { ...autoMpg(), epochs, seed, backend, split: { trainFraction, splitSeed } }
    }
    case 'fashion-mnist':
      return { ...inDirectory(fashionMnist(), training.directory), epochs, seed, backend }
    case 'cifar10':
      return { ...inDirectory(cifar10(), training.directory), epochs, seed, backend }
  }
}

// Checked, and its defaults filled in, once: every look at a job asks what its preset stands for.
const WHATEVER = { kind: 'model', epochs: 1, seed: 0, backend: 'auto' } as const

const autoMpg = once(() => ({
  ...WHATEVER,
  data: { format: 'auto-mpg' },
  validationSplit: 0.2,
  model: {
    layers: [
      { kind: 'dense', units: 64, activation: 'relu' },
      { kind: 'dense', units: 64, activation: 'relu' },
      { kind: 'dense', units: 1 },
    ],
  },
  optimizer: { kind: 'rmsprop', learningRate: 0.001 },
  loss: 'mse',
  metrics: ['mae', 'mse'],
  batchSize: 32,
}))

const fashionMnist = once(() => {
  const file = (part: string): Data => ({
    format: 'idx',
    images: `/${part}-images-idx3-ubyte.gz`,
    labels: `/${part}-labels-idx1-ubyte.gz`,
    rescale: { scale: 1 / 127.5, offset: -1 },
    pad: 2,
    channels: 3,
    classNames: FASHION_CLASSES,
  })
  return { ...WHATEVER, ...EXERCISE_3, data: file('train'), testData: file('t10k') }
})

const cifar10 = once(() => {
  const files = (names: string[]): Data => ({
    format: 'cifar10',
    files: names.map(name => `/${name}.bin`),
    rescale: { scale: 1 / 127.5, offset: -1 },
  })
  const data = files([1, 2, 3, 4, 5].map(n => `data_batch_${n}`))
  return { ...WHATEVER, ...EXERCISE_3, data, testData: files(['test_batch']) }
})

function once(make: () => unknown): () => ModelTraining {
  let made: ModelTraining | undefined
  return () => (made ??= frozen(ModelTraining.parse(make())))
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value))
    for (const part of Object.values(Object.freeze(value))) frozen(part)
  return value
}

function inDirectory(training: ModelTraining, directory: string): ModelTraining {
  const placed = (data: Data): Data => {
    if (data.format === 'idx') return { ...data, images: directory + data.images, labels: directory + data.labels }
    return data.format === 'cifar10' ? { ...data, files: data.files.map(file => directory + file) } : data
  }
  return { ...training, data: placed(training.data), testData: training.testData && placed(training.testData) }
}

/** The page's network starts as PyTorch's layers do: weights and biases uniform within ±1/√fanIn. */
const torch = (fanIn: number) => {
  const limit = 1 / Math.sqrt(fanIn)
  const initializer = { kind: 'randomUniform', minval: -limit, maxval: limit } as const
  return { kernelInitializer: initializer, biasInitializer: initializer }
}

const LAYERS: readonly unknown[] = [
  { kind: 'conv2d', filters: 6, kernelSize: 5, activation: 'relu', ...torch(3 * 5 * 5) },
  { kind: 'maxPooling2d' },
  { kind: 'conv2d', filters: 16, kernelSize: 5, activation: 'relu', ...torch(6 * 5 * 5) },
  { kind: 'maxPooling2d' },
  { kind: 'flatten' },
  { kind: 'dense', units: 120, activation: 'relu', ...torch(16 * 5 * 5) },
  { kind: 'dense', units: 84, activation: 'relu', ...torch(120) },
  { kind: 'dense', units: 10, ...torch(84) },
] satisfies Partial<Layer>[]

const EXERCISE_3 = {
  model: { layers: LAYERS },
  optimizer: { kind: 'momentum', learningRate: 0.001, momentum: 0.9 },
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
  batchSize: 4,
} as const

/** https://github.com/zalandoresearch/fashion-mnist#labels */
const FASHION_CLASSES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
]
