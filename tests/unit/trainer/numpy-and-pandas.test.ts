// Sums, samples, descriptions and files as numpy and pandas have them: tests/fixtures/numpy/record.py recorded them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Data } from '../../../packages/contracts/src/data.ts'
import { describe } from '../../../packages/trainer/src/data/describe.ts'
import { pairwiseSum } from '../../../packages/trainer/src/data/pairwise-sum.ts'
import { openTrainingData } from '../../../packages/trainer/src/data/training-data.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import { sample } from '../../../packages/trainer/src/random/sample.ts'
import { vectors } from '../../fixtures/numpy/vectors.ts'
import { badData, makeFolder, open, rowsOf } from './data-files.ts'

const folder = makeFolder()

test('a sum is equal to numpy bit by bit, below, at and above a block', () => {
  const values = new RandomState(1).rand(4000).map(value => value * 1e3)
  assert.deepEqual(
    vectors.sums.map(([count]) => [count, pairwiseSum(values, 0, count)]),
    vectors.sums,
  )
})

test('a sample takes the rows that pandas takes, halves rounded to even', async () => {
  for (const { rows, frac, seed, drawn } of vectors.sample)
    assert.deepEqual([...(await sample(rows, frac, seed))], drawn)
})

test('a column is described as pandas describes it, to the last bit but one', async () => {
  for (const { seed, rows, scale, describe: expected } of vectors.describe) {
    const found = await describe(new RandomState(seed).rand(rows).map(value => value * scale))
    assert.deepEqual(Object.keys(found), Object.keys(expected))
    for (const [name, value] of Object.entries(found)) {
      const wanted = expected[name as keyof typeof expected]
      assert.ok(
        Math.abs(value - wanted) <= 2 * Number.EPSILON * Math.abs(wanted),
        `${rows}: ${name} ${value} ${wanted}`,
      )
    }
  }
})

test('however many rows there are, the event loop has its turns between them, and the sample and the quartiles are the same', async () => {
  const rows = 700_001
  let rests = 0
  const rest = async (): Promise<void> => void rests++
  const drawn = await sample(rows, 0.5, 3, rest)
  assert.ok(rests >= 2, `${rests} rests`)
  assert.deepEqual(drawn, new RandomState(3).permutation(rows).subarray(0, drawn.length))

  rests = 0
  const values = new RandomState(4).randn(rows)
  const { min, max, ...found } = await describe(values, rest)
  assert.ok(rests >= 4, `${rests} rests`)
  const sorted = Float64Array.from(values).sort()
  // Whole places: a quarter of 700,000.
  const [first, second, third] = [1, 2, 3].map(quarter => sorted[quarter * 175_000])
  assert.deepEqual(
    [min, max, found['25%'], found['50%'], found['75%']],
    [sorted[0], sorted.at(-1), first, second, third],
  )
})

test('a table with quotes, missing words and categories comes to what pandas makes of it', async () => {
  const { text, columns, values, y, scaled, describe: expected } = vectors.table
  const data = Data.parse({
    format: 'csv',
    path: folder.write('table.csv', text),
    target: 'y',
    onMissing: 'drop',
    columns: { name: 'skip', colour: 'category', size: 'category' },
    normalize: 'zScore',
  })
  const raw = await open(data)
  assert.deepEqual(raw.table?.featureNames, columns)
  assert.deepEqual(
    rowsOf(raw).map(row => row.x),
    values.map(row => row.map(Math.fround)),
  )
  const whole = { data, split: null, testData: null, validationSplit: 0, validationData: null, loss: 'mse' } as const
  const { train, statistics } = await openTrainingData(whole, { directory: '/nowhere' })
  assert.deepEqual(
    rowsOf(train).map(row => row.y[0]),
    y,
  )
  rowsOf(train).forEach(({ x }, row) => {
    x.forEach((value, i) => {
      const wanted = scaled[row]?.[i] as number
      assert.ok(Math.abs(value - wanted) <= 2 ** -23 * Math.abs(wanted), `${row}, ${columns[i]}: ${value} ${wanted}`)
    })
  })
  for (const [name, column] of Object.entries(statistics ?? {}))
    for (const [key, value] of Object.entries(column)) {
      const wanted = expected[name]?.[key as keyof typeof column] as number
      assert.ok(Math.abs(value - wanted) <= 1e-15 * Math.abs(wanted), `${name} ${key}: ${value} ${wanted}`)
    }
})

const written = (name: string): string => folder.write(name, Buffer.from(vectors.files[name] ?? '', 'base64'))
const eighths = Array.from({ length: 24 }, (_, i) => i / 8)

test('the NPY files that numpy writes are read: its versions and its kinds of numbers', async () => {
  const expected = {
    'float64.npy': eighths,
    'version2.npy': eighths,
    'version3.npy': eighths,
    'float32.npy': eighths,
    'uint8.npy': eighths.map(value => value * 8),
    'bool.npy': eighths.map(value => Number(value > 1)),
  }
  for (const [name, numbers] of Object.entries(expected)) {
    const features = written(name)
    const raw = await open({ format: 'npy', features, target: written('int64.npy') })
    assert.deepEqual(raw.shape, [3, 4, 1])
    assert.deepEqual(rowsOf(raw), [
      { x: numbers.slice(0, 12), y: [3] },
      { x: numbers.slice(12), y: [-1] },
    ])
  }
})

test("what numpy writes in Fortran's order or big-endian is refused", async () => {
  const target = written('int64.npy')
  await assert.rejects(open({ format: 'npy', features: written('fortran.npy'), target }), badData("Fortran's order"))
  await assert.rejects(
    open({ format: 'npy', features: written('big-endian.npy'), target }),
    badData('big-endian (>f8)'),
  )
})

test('the NPZ files that numpy writes are read, compressed or not', async () => {
  for (const name of ['stored.npz', 'deflated.npz']) {
    const raw = await open({ format: 'npz', path: written(name) })
    assert.deepEqual(rowsOf(raw, [1]), [{ x: eighths.slice(12), y: [-1] }])
  }
})
