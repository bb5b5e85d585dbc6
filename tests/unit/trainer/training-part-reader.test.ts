// Batches of a part: the same whether it is small enough to be kept or read again each time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Dataset } from '../../../packages/trainer/src/data/dataset.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import { createPartReader, evaluationRows } from '../../../packages/trainer/src/training/part-reader.ts'
import { dataset } from './made-up-data.ts'

/** Features that say where they stand: row · 100 + column. */
function made(rows: number, width: number): { data: Dataset; reads: number[] } {
  const reads: number[] = []
  const data = dataset({
    shape: [width],
    features: Float64Array.from({ length: rows * width }, (_, i) => 100 * Math.floor(i / width) + (i % width)),
    targets: Float64Array.from({ length: rows }, (_, i) => -i),
  })
  const read: Dataset['read'] = (indices, features, targets) => {
    reads.push(indices.length)
    data.read(indices, features, targets)
  }
  return { data: { ...data, read }, reads }
}

for (const width of [3, 80])
  test(`rows of ${width} numbers come in the order asked for, the last batch as small as what is left`, () => {
    const { data, reads } = made(10, width)
    const reader = createPartReader(data, 4)
    const order = new RandomState(3).permutation(10)
    for (const given of [order, null]) {
      const rows: number[] = []
      for (let batch = 0; batch < reader.batches; batch++) {
        const { features, targets, rows: count } = reader.read(given, batch)
        assert.deepEqual([features.length, targets.length], [count * width, count])
        for (let i = 0; i < count; i++) {
          const row = -(targets[i] as number)
          rows.push(row)
          for (let j = 0; j < width; j++) assert.equal(features[i * width + j], 100 * row + j)
        }
      }
      assert.deepEqual(rows, [...(given ?? Array.from({ length: 10 }, (_, i) => i))])
    }
    assert.deepEqual(reads, [10])
  })

test('a part too large to be kept is read batch by batch, with the same outcome', () => {
  const { data, reads } = made(22, 200_000)
  const reader = createPartReader(data, 8)
  const order = new RandomState(3).permutation(22)
  for (const given of [order, null])
    for (let batch = 0; batch < 3; batch++) {
      const { features, targets, rows } = reader.read(given, batch)
      for (let i = 0; i < rows; i++) {
        const row = given === null ? 8 * batch + i : (order[8 * batch + i] as number)
        assert.deepEqual([targets[i], features[i * 200_000 + 7]], [-row, 100 * row + 7])
      }
    }
  assert.deepEqual(reads, [8, 8, 6, 8, 8, 6])
})

test('an evaluation predicts small rows by the hundred and large ones in chunks that are soon done', () => {
  const of = (shape: number[], batchSize: number) =>
    evaluationRows(dataset({ shape, features: [], targets: [0] }), batchSize)
  assert.equal(of([9], 32), 256)
  assert.equal(of([32, 32, 3], 4), 20)
  assert.equal(of([32, 32, 3], 64), 64)
})
