// Presets are names for complete requests: this is what each name stands for.
import type { Data } from './data.ts'
import type { Layer } from './net.ts'
import { ModelTraining, type PresetTraining } from './training.ts'

/** null: linear regression is no net and has a loop of its own. */
export function expandPreset(training: PresetTraining): ModelTraining | null {
  const { epochs, seed, backend } = training
  const common = { kind: 'model', epochs, seed, backend } as const
  switch (training.preset) {
    case 'linear-regression':
      return null
    case 'auto-mpg':
      return ModelTraining.parse({
        ...common,
        data: { format: 'auto-mpg' },
        split: { trainFraction: training.trainFraction, splitSeed: training.splitSeed },
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
      })
    case 'fashion-mnist': {
      const file = (part: string): Data => ({
        format: 'idx',
        images: `${training.directory}/${part}-images-idx3-ubyte.gz`,
        labels: `${training.directory}/${part}-labels-idx1-ubyte.gz`,
        rescale: { scale: 1 / 127.5, offset: -1 },
        pad: 2,
        channels: 3,
        classNames: FASHION_CLASSES,
      })
      return ModelTraining.parse({ ...common, ...EXERCISE_3, data: file('train'), testData: file('t10k') })
    }
    case 'cifar10': {
      const files = (names: string[]): Data => ({
        format: 'cifar10',
        files: names.map(name => `${training.directory}/${name}.bin`),
        rescale: { scale: 1 / 127.5, offset: -1 },
      })
      return ModelTraining.parse({
        ...common,
        ...EXERCISE_3,
        data: files([1, 2, 3, 4, 5].map(n => `data_batch_${n}`)),
        testData: files(['test_batch']),
      })
    }
  }
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
