// Which loss, net and data fit each other, and the sentence for those that do not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ModelTraining } from '../../../packages/contracts/src/index.ts'
import { type Compiled, compile } from '../../../packages/trainer/src/training/compile.ts'

const { loss, metrics, fromLogits, classWeights } = ModelTraining.shape
type Given = {
  outputs: number
  activation?: Compiled['activation']
  ends?: Compiled['activation']
  targets?: number
  classes?: number | null
}

function compiled(
  request: Record<string, unknown>,
  { outputs, activation = 'linear', ends = activation, targets = 1, classes = null }: Given,
) {
  return compile(
    {
      loss: loss.parse(request.loss),
      metrics: metrics.parse(request.metrics ?? []),
      fromLogits: fromLogits.parse(request.fromLogits),
      classWeights: classWeights.parse(request.classWeights),
    },
    { outputs, activation, ends },
    { targets, classes: classes === null ? null : Array.from({ length: classes }, (_, i) => `class ${i}`) },
  )
}

test('softmax and sigmoid become one function with the cross-entropy that follows them', () => {
  const of = (request: Record<string, unknown>, given: Given) => {
    const { activation, loss } = compiled(request, given)
    return [activation, loss]
  }
  const sparse = { loss: 'sparse_categorical_crossentropy' }
  assert.deepEqual(of(sparse, { outputs: 3, activation: 'softmax', classes: 3 }), ['linear', 'softmaxCrossentropy'])
  const binary = { loss: 'binary_crossentropy' }
  assert.deepEqual(of(binary, { outputs: 1, activation: 'sigmoid' }), ['linear', 'sigmoidCrossentropy'])
})

test('a net without softmax or sigmoid gives logits to a cross-entropy, unless the request says otherwise', () => {
  const of = (request: Record<string, unknown>, activation: Compiled['activation'], outputs: number) =>
    compiled(request, { outputs, activation, classes: outputs === 1 ? 2 : outputs }).loss
  assert.equal(of({ loss: 'categoricalCrossentropy' }, 'linear', 4), 'softmaxCrossentropy')
  assert.equal(of({ loss: 'categoricalCrossentropy', fromLogits: false }, 'linear', 4), 'categoricalCrossentropy')
  assert.equal(of({ loss: 'categoricalCrossentropy' }, 'sigmoid', 4), 'categoricalCrossentropy')
  assert.equal(of({ loss: 'binaryCrossentropy' }, 'relu', 1), 'sigmoidCrossentropy')
  assert.equal(of({ loss: 'binaryCrossentropy', fromLogits: false }, 'relu', 1), 'binaryCrossentropy')
})

test('classes are one-hot for a net that has an output for each, and a number for one that gives a number', () => {
  assert.equal(compiled({ loss: 'mse' }, { outputs: 3, classes: 3 }).oneHot, true)
  assert.equal(compiled({ loss: 'mse' }, { outputs: 1, classes: 3 }).oneHot, false)
  assert.equal(compiled({ loss: 'binaryCrossentropy' }, { outputs: 1, classes: 2 }).oneHot, false)
  // An output that no row of the data has is allowed, as in Keras.
  assert.equal(compiled({ loss: 'sparseCategoricalCrossentropy' }, { outputs: 12, classes: 10 }).oneHot, true)
})

const MISFITS: [Record<string, unknown>, Given, RegExp][] = [
  [{ loss: 'mse' }, { outputs: 3 }, /The net gives 3 numbers a row, and the data's target has 1\./],
  [{ loss: 'mse' }, { outputs: 2, classes: 3 }, /gives 2 numbers a row, and the data has 3 classes/],
  [{ loss: 'binaryCrossentropy' }, { outputs: 1, classes: 10 }, /gives 1 number a row, and the data has 10 classes/],
  [{ loss: 'categoricalCrossentropy' }, { outputs: 1, targets: 1 }, /chooses among at least two.*binaryCrossentropy/],
  [
    { loss: 'categoricalCrossentropy' },
    { outputs: 5, targets: 1 },
    /target has 1; sparseCategoricalCrossentropy takes/,
  ],
  [
    { loss: 'sparseCategoricalCrossentropy' },
    { outputs: 5, targets: 5 },
    /wants the number of a class.*5 numbers a row/,
  ],
  [{ loss: 'sparseCategoricalCrossentropy' }, { outputs: 5, classes: 6 }, /gives 5 numbers a row, and the data has 6/],
  [{ loss: 'mae', metrics: ['acc'] }, { outputs: 1 }, /accuracy counts right classes, and meanAbsoluteError/],
  [{ loss: 'binaryCrossentropy', metrics: ['topKAccuracy'] }, { outputs: 1 }, /topKAccuracy wants a net that chooses/],
  [{ loss: 'mse', fromLogits: true }, { outputs: 1 }, /fromLogits belongs to a cross-entropy/],
  [{ loss: 'mse', classWeights: { 0: 2 } }, { outputs: 1 }, /classWeights are for classes/],
  [
    { loss: 'binaryCrossentropy', classWeights: { 2: 2 } },
    { outputs: 1 },
    /names the class 2, and the classes are 0 to 1/,
  ],
]
for (const [request, given, sentence] of MISFITS)
  test(`refused: ${JSON.stringify(request)} with ${JSON.stringify(given)}`, () => {
    assert.throws(() => compiled(request, given), { code: 'TRAIN_BAD_MODEL', message: sentence })
  })

test('what ends with probabilities is not taken for logits, also where a flatten layer comes behind them', () => {
  const lossFor = (name: string, ends: Compiled['activation'], outputs: number) =>
    compiled({ loss: name }, { outputs, activation: 'linear', ends, classes: 2 }).loss
  for (const ends of ['sigmoid', 'softmax'] as const) {
    assert.equal(lossFor('binaryCrossentropy', ends, 1), 'binaryCrossentropy')
    assert.equal(lossFor('sparseCategoricalCrossentropy', ends, 2), 'categoricalCrossentropy')
  }
  assert.equal(lossFor('binaryCrossentropy', 'relu', 1), 'sigmoidCrossentropy')
})
