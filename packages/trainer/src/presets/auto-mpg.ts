// Exercise 2 of the tutorial: fuel consumption of cars of the 1970s by a dense net of 64-64-1, RMSprop(0.001), batches of 32.
// As Keras does it: the last 20 % are for validation and are set apart before anything is shuffled.
import { COLUMNS, type LabelledRows, prepareAutoMpg } from '../data/auto-mpg.ts'
import { readCars } from '../data/cars.ts'
import { type Batch, createDenseNet, type DenseNet, denseName, type LayerShape } from '../engine/autograd.ts'
import { addErrors, type ErrorSums, sumErrors } from '../engine/mean-squared-error.ts'
import { RandomState } from '../random/random-state.ts'
import { copyState, overwriteState, type TrainingState } from '../state.ts'
import type { Preset, Tables, Trainable } from '../trainable.ts'

const LAYERS: readonly LayerShape[] = [
  { units: 64, activation: 'relu' },
  { units: 64, activation: 'relu' },
  { units: 1, activation: 'linear' },
]
const LEARNING_RATE = 0.001
const BATCH_SIZE = 32
const VALIDATION_SPLIT = 0.2

export const autoMpg: Preset = {
  engine: 'autograd',
  async prepare({ training: { seed }, assets }): Promise<Trainable> {
    const { train: all, test, statistics } = prepareAutoMpg(await readCars(assets.directory))
    // Keras: int(314 · 0.8) = 251 rows train, 63 validate.
    const split = Math.floor(all.rows * (1 - VALIDATION_SPLIT))
    const train = rowsOf(all, 0, split)
    const validation = rowsOf(all, split, all.rows)

    const random = new RandomState(seed)
    const net = createDenseNet({ inputs: COLUMNS.length, layers: LAYERS, learningRate: LEARNING_RATE, random })
    const order = Int32Array.from({ length: train.rows }, (_, i) => i)

    const present = (): TrainingState => ({
      weights: net.weights,
      // Each epoch shuffles the order that the one before it left.
      rest: { ...net.moments, order },
      random: random.state,
    })
    // As it was when the epoch under way began: 42 kB, copied in about 10 µs of an epoch's several ms.
    const kept = copyState(present())
    let underWay = false

    return {
      async trainEpoch(pace, ended) {
        let sums: ErrorSums = { rows: 0, squared: 0, absolute: 0 }
        overwriteState(kept, present())
        underWay = true
        random.shuffle(order)
        for (let from = 0; from < train.rows; from += BATCH_SIZE) {
          if (pace.due()) await pace.rest()
          if (pace.stopped) return false
          sums = addErrors(sums, net.step(gather(train, order.subarray(from, from + BATCH_SIZE))))
        }
        const values = { ...metricsOf(sums, ''), ...metricsOf(errorsOn(net, validation), 'val_') }
        underWay = false
        ended(values)
        return true
      },
      state: () => copyState(underWay ? kept : present()),
      restore(state) {
        overwriteState(present(), state)
        if (state.random) random.state = state.random
        net.weightsChanged()
      },
      evaluate() {
        const { test_loss, test_mae } = metricsOf(errorsOn(net, test), 'test_')
        return { test_loss, test_mae } as Record<string, number>
      },
      tables: () => ({
        train_stats: statistics.map((description, column) => ({ name: COLUMNS[column] as string, ...description })),
        layers: summarize(LAYERS, COLUMNS.length),
      }),
      dispose: net.dispose,
    }
  },
}

const errorsOn = (net: DenseNet, { features, rows, labels }: LabelledRows): ErrorSums =>
  sumErrors(net.predict(features, rows), labels)

/** Keras's names and its order: the loss is the mean squared error, and is shown under both names. */
function metricsOf({ rows, squared, absolute }: ErrorSums, prefix: string): Record<string, number> {
  const mse = squared / rows
  return { [`${prefix}loss`]: mse, [`${prefix}mae`]: absolute / rows, [`${prefix}mse`]: mse }
}

function rowsOf({ features, labels }: LabelledRows, from: number, to: number): LabelledRows {
  return {
    rows: to - from,
    features: features.subarray(from * COLUMNS.length, to * COLUMNS.length),
    labels: labels.subarray(from, to),
  }
}

function gather({ features, labels }: LabelledRows, indices: Int32Array): Batch {
  const columns = COLUMNS.length
  const gathered = new Float32Array(indices.length * columns)
  indices.forEach((row, i) => {
    gathered.set(features.subarray(row * columns, (row + 1) * columns), i * columns)
  })
  return { rows: indices.length, features: gathered, labels: Float32Array.from(indices, row => labels[row] as number) }
}

/** Keras's model.summary(): a dense layer has inputs × units weights and units biases. */
function summarize(layers: readonly LayerShape[], inputs: number): Tables[string] {
  return layers.map(({ units }, i) => ({
    name: denseName(i),
    output_shape: `(None, ${units})`,
    params: ((i === 0 ? inputs : (layers[i - 1] as LayerShape).units) + 1) * units,
  }))
}
