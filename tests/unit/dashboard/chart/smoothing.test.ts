import assert from 'node:assert/strict'
import { test } from 'node:test'
import { smoothed } from '../../../../apps/dashboard/src/chart/smoothing.ts'
import { chance } from '../chance.ts'
import { epoch, historyOf, losses } from './epochs.ts'

const means = (values: readonly number[], weight: number, ofEpochs: number | null = null) => {
  const history = historyOf(...losses(values))
  return [...smoothed(history, 'loss', history.line, { weight, ofEpochs })].slice(0, values.length)
}

test('a constant stays what it is, to the last bit', () => {
  for (const weight of [0.1, 0.6, 0.9, 0.99])
    assert.deepEqual(new Set(means(Array(500).fill(0.1), weight)), new Set([0.1]))
})

test('it begins at the first value and is the weighted mean of what came before', () => {
  const [a, b, c] = means([4, 1, 1], 0.5)
  assert.equal(a, 4)
  assert.ok(Math.abs((b ?? 0) - (1 + 0.5 * 4) / 1.5) < 1e-12)
  assert.ok(Math.abs((c ?? 0) - (1 + 0.5 + 0.25 * 4) / 1.75) < 1e-12)
})

test('the more it smooths the nearer it comes to the mean, not to the first value', () => {
  const random = chance(7)
  const values = [1000, ...Array.from({ length: 999 }, () => random.next())]
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const end = means(values, 0.999999).at(-1) ?? 0
  assert.ok(Math.abs(end - mean) < 0.01, `${end}, mean ${mean}`)
})

test('NaN and infinite values are skipped and nothing else is lost by them', () => {
  const [first, bad, worse, last] = means([2, Number.NaN, Number.POSITIVE_INFINITY, 4], 0.5)
  assert.equal(first, 2)
  assert.ok(Number.isNaN(bad) && Number.isNaN(worse))
  // Three epochs apart, so the older value weighs an eighth.
  assert.ok(Math.abs((last ?? 0) - (4 + 2 / 8) / (1 + 1 / 8)) < 1e-12)
})

test('every attempt begins afresh', () => {
  const history = historyOf(...losses([10, 10]), ...losses([2, 2], { from: 2, attempt: 2 }))
  assert.deepEqual(
    [...smoothed(history, 'loss', history.line, { weight: 0.9, ofEpochs: null })].slice(0, 4),
    [10, 10, 2, 2],
  )
})

test('a metric logged every tenth epoch is smoothed as one that is logged at each', () => {
  const values = [5, 3, 4, 1]
  const sparse = historyOf(...values.map((value, at) => epoch(at * 10, value)))
  assert.deepEqual(
    [...smoothed(sparse, 'loss', sparse.line, { weight: 0.6, ofEpochs: null })].slice(0, 4),
    means(values, 0.6),
  )
})

test('a dense stretch weighs no more than a thin one: the weight goes by distance', () => {
  // Epochs 0, 1, 2 at 0, then from 3 on every third at 9: an EMA by count would weigh the three zeros as three.
  const history = historyOf(epoch(0, 0), epoch(1, 0), epoch(2, 0), epoch(5, 9), epoch(8, 9), epoch(11, 9))
  const line = smoothed(history, 'loss', history.line, { weight: 0.5, ofEpochs: null })
  const share = 0.5 ** (1 / 3)
  const zeros = [9, 10, 11].reduce((sum, distance) => sum + share ** distance, 0)
  const nines = [0, 3, 6].reduce((sum, distance) => sum + share ** distance, 0)
  assert.ok(Math.abs((line[5] ?? 0) - (9 * nines) / (nines + zeros)) < 1e-9)
})

test('while a job runs, what was smoothed stays where it is', () => {
  const random = chance(3)
  const values = Array.from({ length: 3000 }, () => random.next())
  const early = means(values.slice(0, 1000), 0.9, 5000)
  assert.deepEqual(means(values, 0.9, 5000).slice(0, 1000), early)
})
