import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Compared, compare } from '../../../../apps/dashboard/src/chart/compare.ts'
import type { EpochHistory } from '../../../../apps/dashboard/src/chart/history.ts'
import { epoch, historyOf, losses } from './epochs.ts'

const job = (name: string, slot: number, history: EpochHistory): Compared => ({
  job: name,
  slot,
  history,
  ofEpochs: null,
  stepsPerEpoch: 10,
})
const long = job('a', 0, historyOf(...losses([5, 4, 3])))
const thin = job('b', 2, historyOf(epoch(0, 9), epoch(2, Number.NaN), epoch(4, 7)))

test('jobs of different lengths stand on one grid; a gap is a gap and what is not there is not bridged over', () => {
  const compared = compare([long, thin], { metric: 'loss', axis: 'epoch' })
  assert.ok(!('problem' in compared))
  assert.deepEqual(compared.xs, [1, 2, 3, 5])
  assert.deepEqual(
    compared.lines.map(({ job, slot, ys }) => ({ job, slot, ys })),
    [
      { job: 'a', slot: 0, ys: [5, 4, 3, undefined] },
      { job: 'b', slot: 2, ys: [9, undefined, null, 7] },
    ],
  )
  assert.deepEqual(compared.rows.get('b'), [0, -1, 1, 2])
})

test('on time of day each job counts from where it began', () => {
  const later = historyOf(...losses([5, 4, 3]).map(one => ({ ...one, at: one.at.replace('2026-01-01', '2026-02-07') })))
  const compared = compare([long, job('c', 1, later)], { metric: 'loss', axis: 'clock' })
  assert.ok(!('problem' in compared))
  assert.deepEqual(compared.xs, [2000, 4000, 6000])
})

test('a job without the metric is named, and smoothing is the same for all', () => {
  const other = job('d', 1, historyOf(epoch(0, { accuracy: 1 })))
  const compared = compare([long, other, thin], { metric: 'loss', axis: 'epoch', smoothing: 0.5 })
  assert.ok(!('problem' in compared))
  assert.deepEqual(compared.without, ['d'])
  assert.deepEqual(
    compared.lines.map(line => `${line.job} ${line.kind}`),
    ['a counts', 'a smoothed', 'b counts', 'b smoothed'],
  )
})

test('fewer than two jobs and more than eight are a sentence', () => {
  assert.match(JSON.stringify(compare([long], { metric: 'loss', axis: 'epoch' })), /Pick 2 to 8 jobs/)
  const many = Array.from({ length: 9 }, (_, slot) => job(`j${slot}`, slot, long.history))
  assert.match(JSON.stringify(compare(many, { metric: 'loss', axis: 'epoch' })), /9 jobs/)
})
