import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketSize, thinned } from '../../../../apps/dashboard/src/chart/buckets.ts'
import type { EpochHistory } from '../../../../apps/dashboard/src/chart/history.ts'
import { chance } from '../chance.ts'
import { epoch, historyOf } from './epochs.ts'

const columnsOf = (history: EpochHistory) => history.metrics.flatMap(metric => history.column(metric) ?? [])

function made(seed: number, length: number): EpochHistory {
  const random = chance(seed)
  const value = () =>
    random.next() < 0.01 ? random.pick([Number.NaN, Number.POSITIVE_INFINITY]) : random.next() * 10 - 5
  let at = -1
  const told = Array.from({ length }, () => {
    at += random.whole(1, 3)
    return epoch(at, random.next() < 0.8 ? { loss: value(), mae: value() } : { loss: value() })
  })
  return historyOf(...told)
}

test('buckets are powers of two, as narrow as may be', () => {
  assert.equal(bucketSize(0, 499, 500), 1)
  assert.equal(bucketSize(0, 500, 500), 2)
  assert.equal(bucketSize(0, 99_999, 500), 256)
  // 400 … 1399 touches 501 buckets of two: they lie from epoch 0, not from the first shown.
  assert.equal(bucketSize(401, 1400, 500), 4)
})

test('the first, the last, every extreme and every place where numbers end stay (100 curves)', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const history = made(seed, 400)
    const size = 2 ** (seed % 7)
    const kept = new Set(thinned(history, history.line, columnsOf(history), size))
    assert.ok(kept.has(history.line[0] ?? -1) && kept.has(history.line.at(-1) ?? -1), `seed ${seed}`)
    const buckets = new Map<number, number[]>()
    for (const row of history.line) {
      const bucket = Math.floor(history.epochOf(row) / size)
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), row])
    }
    for (const rows of buckets.values())
      for (const { values, logged } of columnsOf(history)) {
        const finite = rows.map(row => values[row] ?? Number.NaN).filter(Number.isFinite)
        const keptValues = rows.filter(row => kept.has(row)).map(row => values[row] ?? Number.NaN)
        if (finite.length > 0)
          for (const extreme of [Math.min(...finite), Math.max(...finite)])
            assert.ok(keptValues.includes(extreme), `seed ${seed}: ${extreme} is not drawn`)
        const bad = (row: number) => logged[row] === 1 && !Number.isFinite(values[row] ?? 0)
        assert.equal(
          rows.some(bad),
          rows.some(row => kept.has(row) && bad(row)),
          `seed ${seed}: a gap is not drawn`,
        )
      }
    assert.ok(kept.size <= buckets.size * (2 + 4 * 2))
  }
})

test('a bucket that is full never changes again', () => {
  const whole = made(9, 1000)
  const size = 16
  const all = thinned(whole, whole.line, columnsOf(whole), size)
  for (const until of [100, 333, 777]) {
    const now = thinned(whole, whole.line.subarray(0, until), columnsOf(whole), size)
    const open = Math.floor(whole.epochOf(whole.line[until - 1] ?? 0) / size)
    const full = (rows: Int32Array) => [...rows].filter(row => Math.floor(whole.epochOf(row) / size) < open)
    assert.deepEqual(full(now), full(all))
  }
})
