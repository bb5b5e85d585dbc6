import assert from 'node:assert/strict'
import { test } from 'node:test'
import { xOf } from '../../../../apps/dashboard/src/chart/axes.ts'
import type { XAxis } from '../../../../apps/dashboard/src/router/view-states.ts'
import { historyOf, losses } from './epochs.ts'

const history = historyOf(...losses([5, 4, 3, 2]), ...losses([3.5, 3], { from: 2, attempt: 2 }))
const on = (axis: XAxis, stepsPerEpoch: number | null = null) =>
  Array.from({ length: 6 }, (_, row) => xOf(history, { axis, stepsPerEpoch })(row))

test('epochs count from 1 and steps are batches', () => {
  assert.deepEqual(on('epoch'), [1, 2, 3, 4, 3, 4])
  assert.deepEqual(on('step', 32), [32, 64, 96, 128, 96, 128])
})

test('trained time leaves out the gap, and an attempt goes on from the epoch it resumed at', () => {
  assert.deepEqual(on('trained'), [2, 4, 6, 8, 6, 8])
})

test('time of day has the gap', () => {
  const [first = 0, ...more] = on('clock')
  assert.deepEqual(
    more.map(x => (x - first) / 1000),
    [2, 4, 6, 64, 66],
  )
})
