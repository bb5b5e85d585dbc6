// evaluation.json: pairs, histogram and confusion counted by hand, and what a training leaves of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Evaluation } from '../../../packages/contracts/src/index.ts'
import { createEvaluator } from '../../../packages/trainer/src/evaluation/evaluation.ts'
import { histogram } from '../../../packages/trainer/src/evaluation/histogram.ts'
import type { Compiled } from '../../../packages/trainer/src/training/compile.ts'
import { dataset } from './made-up-data.ts'

type Kind<K extends Evaluation['kind']> = Extract<Evaluation, { kind: K }>

const compiled = (rest: Partial<Compiled>): Compiled => ({
  width: 1,
  activation: 'linear',
  loss: 'meanSquaredError',
  oneHot: false,
  metrics: [],
  answers: null,
  weights: null,
  ...rest,
})
const rows = (count: number, rest: object = {}) =>
  dataset({ shape: [1], features: new Float32Array(count), targets: new Float32Array(count), ...rest })

test('errors are counted in 25 bins from the smallest to the largest, as the page draws them', () => {
  const evaluator = createEvaluator('test', rows(101), compiled({}))
  // In two chunks: errors 0, 1, … 100.
  const truth = new Float64Array(101).fill(7)
  const predicted = truth.map((value, i) => value + i)
  evaluator.add(predicted.subarray(0, 64), truth.subarray(0, 64), 64)
  evaluator.add(predicted.subarray(64), truth.subarray(64), 37)
  const { part, rows: of, outputs } = Evaluation.parse(evaluator.result()) as Kind<'regression'>
  assert.deepEqual([part, of, outputs.length], ['test', 101, 1])
  const [{ errors, pairs }] = outputs as [Kind<'regression'>['outputs'][number]]
  assert.deepEqual(errors?.counts, [...new Array(24).fill(4), 5])
  assert.deepEqual(errors?.edges.slice(0, 3), [0, 4, 8])
  assert.deepEqual([pairs.row.length, pairs.true[100], pairs.predicted[100]], [101, 7, 107])
})

// numpy's rule: linspace of the edges, a value on an edge belongs to the bin above it, the last edge to the last bin.
test('a histogram has evenly spaced edges, and a value on one of them is in the bin above', () => {
  const found = histogram([0.1, 0.2, 0.3, 0.7], 6)
  assert.deepEqual(found?.counts, [1, 1, 1, 0, 0, 1])
  found?.edges.forEach((edge, i) => {
    assert.ok(Math.abs(edge - (1 + i) / 10) < 1e-12)
  })
  assert.deepEqual(histogram([5, 5, 5], 2), { edges: [4.5, 5, 5.5], counts: [0, 3] })
  assert.equal(histogram([1, Number.NaN], 2), null)
})

test('of more than 10,000 rows every so manieth is a pair, and all are in the histogram', () => {
  const evaluator = createEvaluator('validation', rows(25_000), compiled({}))
  const truth = new Float64Array(25_000)
  evaluator.add(
    truth.map((_, i) => i),
    truth,
    25_000,
  )
  const { outputs } = Evaluation.parse(evaluator.result()) as Kind<'regression'>
  const [{ pairs, errors }] = outputs as [Kind<'regression'>['outputs'][number]]
  assert.deepEqual(pairs.row.slice(0, 4), [0, 2, 5, 7])
  assert.deepEqual([pairs.row.length, pairs.predicted[9_999]], [10_000, pairs.row[9_999]])
  assert.equal(
    errors?.counts.reduce((sum, count) => sum + count, 0),
    25_000,
  )
})

test('what is not finite is null among the pairs, and there is no histogram of it', () => {
  const evaluator = createEvaluator('test', rows(2), compiled({}))
  evaluator.add(Float64Array.of(Number.POSITIVE_INFINITY, 1), Float64Array.of(0, 1), 2)
  const [output] = (Evaluation.parse(JSON.parse(JSON.stringify(evaluator.result()))) as Kind<'regression'>).outputs
  assert.deepEqual([output?.pairs.predicted, output?.errors], [[null, 1], null])
})

const oneHot = (classes: readonly number[], width: number) =>
  Float64Array.from({ length: classes.length * width }, (_, i) => Number(classes[Math.floor(i / width)] === i % width))

test('classes are counted by what they are and what they were taken for', () => {
  const data = rows(5, { classes: ['cat', 'dog', 'eel'] })
  const evaluator = createEvaluator('test', data, compiled({ width: 3, oneHot: true, answers: 'classes' }))
  // Taken for 0, 1, 1, 2, 0.
  const predictions = Float64Array.of(0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0.3, 0.4, 0.3, 0, 0.1, 0.9, 0.5, 0.25, 0.25)
  evaluator.add(predictions, oneHot([0, 1, 0, 0, 0], 3), 5)
  const found = Evaluation.parse(evaluator.result()) as Kind<'classification'>
  assert.equal(found.accuracy, 3 / 5)
  assert.deepEqual(found.confusion, [
    [2, 1, 1],
    [0, 1, 0],
    [0, 0, 0],
  ])
  assert.deepEqual(found.classes, [
    { name: 'cat', rows: 4, accuracy: 0.5 },
    { name: 'dog', rows: 1, accuracy: 1 },
    { name: 'eel', rows: 0, accuracy: null },
  ])
  assert.deepEqual(found.samples[2], {
    row: 2,
    true: 0,
    predicted: 1,
    probabilities: [0.3, 0.4, 0.3],
    image: null,
  })
})

test('one number a row is the probability of the second of two classes', () => {
  const evaluator = createEvaluator('test', rows(3), compiled({ answers: 'binary', loss: 'sigmoidCrossentropy' }))
  evaluator.add(Float64Array.of(0.25, 0.75, 0.5), Float64Array.of(0, 1, 1), 3)
  const found = Evaluation.parse(evaluator.result()) as Kind<'classification'>
  assert.deepEqual(found.confusion, [
    [1, 0],
    [1, 1],
  ])
  assert.deepEqual(
    found.samples.map(({ probabilities }) => probabilities),
    [
      [0.75, 0.25],
      [0.25, 0.75],
      [0.5, 0.5],
    ],
  )
})

test('samples are spread over the part and carry their image, from the lowest value to the highest', () => {
  const features = Float32Array.from({ length: 100 * 2 * 2 }, (_, i) => (i % 4) - 1)
  const data = dataset({ shape: [2, 2, 1], features, targets: new Float32Array(100), classes: ['a', 'b'] })
  const evaluator = createEvaluator('test', data, compiled({ width: 2, oneHot: true, answers: 'classes' }))
  const predictions = new Float64Array(200).fill(0.5)
  evaluator.add(predictions.subarray(0, 80), oneHot(new Array(40).fill(0), 2), 40)
  evaluator.add(predictions.subarray(80), oneHot(new Array(60).fill(0), 2), 60)
  const { samples } = Evaluation.parse(evaluator.result()) as Kind<'classification'>
  assert.deepEqual(
    samples.map(({ row }) => row),
    Array.from({ length: 32 }, (_, i) => Math.floor((i * 100) / 32)),
  )
  const { height, width, channels, pixels } = samples[5]?.image ?? assert.fail('an image')
  assert.deepEqual([height, width, channels, [...Buffer.from(pixels, 'base64')]], [2, 2, 1, [0, 85, 170, 255]])
})

test('of more classes than a person looks through there is neither matrix nor list of probabilities', () => {
  const data = rows(2)
  const evaluator = createEvaluator('test', data, compiled({ width: 300, oneHot: true, answers: 'classes' }))
  evaluator.add(oneHot([7, 9], 300), oneHot([7, 8], 300), 2)
  const found = Evaluation.parse(evaluator.result()) as Kind<'classification'>
  assert.deepEqual([found.confusion, found.accuracy, found.samples[0]?.probabilities], [null, 0.5, []])
})
