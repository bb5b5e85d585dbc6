import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EpochHistory, supersededRows } from '../../../../apps/dashboard/src/chart/history.ts'
import type { Epoch } from '../../../../packages/contracts/src/index.ts'
import { chance } from '../chance.ts'
import { epoch, epochsOfLine, historyOf, losses } from './epochs.ts'

test('NaN, infinite and not logged are three things', () => {
  const history = historyOf(
    epoch(0, { loss: Number.NaN, mae: 1 }),
    epoch(1, { loss: Number.POSITIVE_INFINITY }),
    epoch(2, { loss: Number.NEGATIVE_INFINITY, mae: 0 }),
  )
  assert.deepEqual(
    [0, 1, 2].map(row => history.valueOf('loss', row)),
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
  assert.deepEqual(
    [0, 1, 2].map(row => history.valueOf('mae', row)),
    [1, undefined, 0],
  )
  assert.equal(history.valueOf('never', 0), undefined)
  assert.deepEqual(history.metrics, ['loss', 'mae'])
})

test('a value that is null and not named was not logged', () => {
  const history = historyOf({ ...epoch(0, 1), values: { loss: null } })
  assert.equal(history.valueOf('loss', 0), undefined)
})

test('an attempt counts up to where a later one went on, also where that one has not come so far yet', () => {
  const history = historyOf(...losses([9, 8, 7, 6, 5]), ...losses([6.5, 6.1], { from: 2, attempt: 2 }))
  assert.deepEqual(epochsOfLine(history), [
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 2],
  ])
  const [first, second] = history.attempts
  assert.ok(first && second)
  assert.deepEqual(
    supersededRows(history, first).map(row => history.epochOf(row)),
    [2, 3, 4],
  )
  assert.deepEqual(supersededRows(history, second), [])
})

test('an attempt that began anew leaves nothing of those before', () => {
  const history = historyOf(
    ...losses([3, 2, 1]),
    ...losses([2.9], { attempt: 2 }),
    ...losses([2.8, 2.7], { attempt: 3 }),
  )
  assert.deepEqual(epochsOfLine(history), [
    [0, 3],
    [1, 3],
  ])
})

test('an epoch told again is replaced, at its end and in its middle', () => {
  const history = historyOf(...losses([3, 2, 1]), epoch(2, 1.5), epoch(1, 2.5))
  assert.deepEqual(
    Array.from(history.line, row => history.valueOf('loss', row)),
    [3, 2.5, 1.5],
  )
})

test('a metric that comes late has no values before', () => {
  const history = historyOf(epoch(0, 1))
  history.add([epoch(1, { loss: 1, accuracy: 0.5 })])
  assert.equal(history.valueOf('accuracy', 0), undefined)
  assert.equal(history.valueOf('accuracy', 1), 0.5)
})

test('in whatever order and in whatever pieces epochs come, the same ones count (500 jobs of up to 5 attempts)', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = chance(seed)
    const told: Epoch[] = []
    const best = new Map<number, number>()
    let last = 0
    for (let attempt = 1; attempt <= random.whole(1, 5); attempt++) {
      const from = random.whole(0, last)
      last = from + random.whole(1, 30)
      for (const epoch of best.keys()) if (epoch >= from) best.delete(epoch)
      for (let at = from; at < last; at++) {
        told.push(epoch(at, at + attempt / 10, { attempt }))
        best.set(at, at + attempt / 10)
      }
    }
    const mixed = told.map(one => ({ one, at: random.next() })).sort((a, b) => a.at - b.at)
    const history = new EpochHistory()
    for (let at = 0; at < mixed.length; ) {
      const size = random.whole(1, 20)
      history.add(mixed.slice(at, at + size).map(({ one }) => one))
      if (random.next() < 0.3) assert.ok(history.line.length > 0)
      at += size
    }
    const counted = Array.from(history.line, row => [history.epochOf(row), history.valueOf('loss', row)])
    assert.deepEqual(
      counted,
      [...best].sort(([a], [b]) => a - b),
      `seed ${seed}`,
    )
  }
})
