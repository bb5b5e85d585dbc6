// Exercise 2's data: the page's table from the shipped file, and a sentence for every way in which a file can be wrong.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openAutoMpg } from '../../../packages/trainer/src/data/auto-mpg.ts'
import type { Dataset } from '../../../packages/trainer/src/data/dataset.ts'
import { openTrainingData } from '../../../packages/trainer/src/data/training-data.ts'
import { sample } from '../../../packages/trainer/src/random/sample.ts'
import { type CarCells, makeAssets, makeAssetsWith } from './assets.ts'
import { badData, rowsOf } from './data-files.ts'

// train_stats of the tutorial: count, mean, std, min, 25%, 50%, 75%, max, as printed there.
const PAGE = `
Cylinders 314.0 5.477707 1.699788 3.0 4.00 4.0 8.00 8.0
Displacement 314.0 195.318471 104.331589 68.0 105.50 151.0 265.75 455.0
Horsepower 314.0 104.869427 38.096214 46.0 76.25 94.5 128.00 225.0
Weight 314.0 2990.251592 843.898596 1649.0 2256.50 2822.5 3608.00 5140.0
Acceleration 314.0 15.559236 2.789230 8.0 13.80 15.5 17.20 24.8
Model Year 314.0 75.898089 3.675642 70.0 73.00 76.0 79.00 82.0
Europe 314.0 0.178344 0.383413 0.0 0.00 0.0 0.00 1.0
Japan 314.0 0.197452 0.398712 0.0 0.00 0.0 0.00 1.0
USA 314.0 0.624204 0.485101 0.0 0.00 1.0 1.00 1.0`.trim()

const open = (directory: string, training: Partial<Parameters<typeof openTrainingData>[0]> = {}) =>
  openTrainingData(
    {
      data: { format: 'auto-mpg' },
      split: { trainFraction: 0.8, splitSeed: 0 },
      testData: null,
      validationSplit: 0,
      validationData: null,
      loss: 'mse',
      ...training,
    },
    { directory },
  )

test("the training part's statistics are the page's table to every printed digit, and do not depend on validation", async () => {
  const directory = await makeAssets()
  for (const validationSplit of [0, 0.2]) {
    const { statistics } = await open(directory, { validationSplit })
    const lines = Object.entries(statistics ?? {}).map(([name, { count, mean, std, ...rest }]) => {
      const digits = [1, 2, 1, 2, 1]
      const order = [rest.min, rest['25%'], rest['50%'], rest['75%'], rest.max].map((x, i) => x.toFixed(digits[i]))
      return [name, count.toFixed(1), mean.toFixed(6), std.toFixed(6), ...order].join(' ')
    })
    assert.equal(lines.join('\n'), PAGE)
  }
})

test('314 rows train, the last 63 of them validate, and 78 test, scaled by the training part alone', async () => {
  const opened = await open(await makeAssets(), { validationSplit: 0.2 })
  const { train: part, validation, test: rest } = opened as { [name in 'train' | 'validation' | 'test']: Dataset }
  assert.deepEqual([part.rows, validation.rows, rest.rows], [251, 63, 78])
  assert.deepEqual([part.shape, part.targets, part.classes], [[9], 1, null])
  const drawn = [...rowsOf(part), ...rowsOf(validation)]
  const meanOf = (column: number, rows: typeof drawn): number =>
    rows.reduce((sum, { x }) => sum + (x[column] as number), 0) / rows.length
  for (let column = 0; column < 9; column++) assert.ok(Math.abs(meanOf(column, drawn)) < 1e-6)
  assert.ok(Math.abs(meanOf(3, rowsOf(rest))) > 0.01)
})

test('another fraction and another seed split as pandas does', async () => {
  const directory = await makeAssets()
  const { train, test: rest, statistics } = await open(directory, { split: { trainFraction: 0.5, splitSeed: 42 } })
  assert.deepEqual([train.rows, rest?.rows, statistics?.Weight?.count], [196, 196, 196])
  const whole = rowsOf(await openAutoMpg({ directory }))
  const drawn = [...(await sample(392, 0.5, 42))]
  assert.deepEqual(
    rowsOf(train).map(({ y }) => y[0]),
    drawn.map(row => whole[row]?.y[0]),
  )
})

const change =
  (row: number, column: string, cell: unknown) =>
  (cars: CarCells[]): CarCells[] => {
    ;(cars[row] as CarCells)[column] = cell
    return cars
  }

const WRONG: { what: string; file: (cars: CarCells[]) => unknown; says: RegExp }[] = [
  { what: 'not JSON', file: () => '[{"Name": "che', says: /cars\.json is not JSON: / },
  { what: 'empty', file: () => '', says: /cars\.json is not JSON: / },
  { what: 'no list', file: () => ({ cars: [] }), says: /cars\.json is not a list of rows\./ },
  { what: 'one row short', file: cars => cars.slice(0, -1), says: /cars\.json has 405 rows, expected 406\./ },
  { what: 'a row that is no car', file: cars => cars.with(4, [] as never), says: /row 5: \[\] is not a car\./ },
  {
    what: 'a null where none belongs',
    file: change(16, 'Weight_in_lbs', null),
    says: /cars\.json, row 17, column Weight_in_lbs: null is not a number\./,
  },
  {
    what: 'one null too many where some belong',
    file: change(0, 'Horsepower', null),
    says: /cars\.json has 7 nulls in column Horsepower, expected 6\./,
  },
  {
    what: 'a text for a number',
    file: change(2, 'Displacement', '318'),
    says: /row 3, column Displacement: "318" is not a number\./,
  },
  {
    what: 'a column missing',
    file: change(9, 'Acceleration', undefined),
    says: /row 10, column Acceleration: missing/,
  },
  { what: 'an unknown origin', file: change(7, 'Origin', 'Mars'), says: /row 8, column Origin: "Mars" is not one of/ },
  { what: 'a year outside the data', file: change(1, 'Year', '1999-01-01'), says: /row 2, column Year: "1999-01-01"/ },
  {
    what: 'the years repaired already',
    file: cars => change(400, 'Year', '1981-01-01')(cars),
    says: /cars\.json has 60 cars of 1982, expected 61\./,
  },
  {
    what: 'a number beyond float64',
    file: cars => JSON.stringify(cars).replace('"Cylinders":8', '"Cylinders":1e999'),
    says: /row 1, column Cylinders: null is not a number|row 1, column Cylinders: Infinity is not a number/,
  },
]

for (const { what, file, says } of WRONG)
  test(`a data file that is wrong (${what}) is refused, and the sentence names the place`, async () => {
    await assert.rejects(open(await makeAssetsWith(file)), badData(says))
  })

test('a data file that is missing is refused by its name', async () => {
  const directory = await makeAssets()
  await rm(join(directory, 'cars.json'))
  await assert.rejects(open(directory), badData(/cars\.json: cannot be read \(ENOENT/))
})
