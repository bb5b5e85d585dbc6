import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasSteps, xOf } from '../../../../apps/dashboard/src/chart/axes.ts'
import { compare } from '../../../../apps/dashboard/src/chart/compare.ts'
import { endLabels, shortNames } from '../../../../apps/dashboard/src/chart/end-labels.ts'
import { yRangeOfLines } from '../../../../apps/dashboard/src/chart/y-range.ts'
import {
  lettersOf,
  readLetters,
  sayRemembered,
  withY,
  ySettings,
} from '../../../../apps/dashboard/src/chart/y-settings.ts'
import { chance } from '../chance.ts'
import { epoch, historyOf, losses } from './epochs.ts'

const PLAIN_Y = { log: false, fit: 'all', includeZero: false } as const

test('a y axis is remembered by family, and a link stands before what is remembered', () => {
  const log = { ...PLAIN_Y, log: true }
  assert.deepEqual(ySettings('loss', [], null), PLAIN_Y)
  assert.deepEqual(ySettings('loss', [], 'l'), log)
  assert.deepEqual(ySettings('loss', ['loss.'], 'l'), PLAIN_Y, 'a link that says "as at first"')
  assert.deepEqual(ySettings('loss', ['los.m', 'loss.mz'], 'l'), { log: false, fit: 'middle', includeZero: true })
  assert.deepEqual(withY(['loss.l', 'mae.m'], 'loss', { ...log, includeZero: true }), ['mae.m', 'loss.lz'])
  for (const letters of ['', 'l', 'm', 'z', 'lm', 'lz', 'mz', 'lmz'])
    assert.equal(lettersOf(readLetters(letters)), letters)
})

test('a link that is copied says what is remembered here, so that others see the same', () => {
  const remembered = (family: string) => ({ loss: 'l', mae: '' })[family] ?? null
  assert.deepEqual(sayRemembered(['mae.z'], ['loss', 'mae', 'auc'], remembered), ['mae.z', 'loss.l'])
  assert.deepEqual(sayRemembered(['loss.'], ['loss'], remembered), ['loss.'])
})

test('steps are those that a job logs, and a later attempt goes on from its own', () => {
  const told = (index: number, step: number | null, attempt = 1) =>
    epoch(index, step === null ? { loss: 1 } : { loss: 1, step }, { attempt })
  const history = historyOf(told(0, 100), told(1, 250), told(2, 300), told(1, 260, 2), told(2, 410, 2))
  assert.equal(hasSteps(history), true)
  assert.deepEqual(
    Array.from({ length: 5 }, (_, row) => xOf(history, { axis: 'step' })(row)),
    [100, 250, 300, 260, 410],
  )
  const gaps = historyOf(told(0, 100), told(1, null), told(2, 300))
  assert.equal(hasSteps(gaps), false, 'an axis of which some epochs have no place is not offered')
  assert.deepEqual(
    [0, 1, 2].map(row => xOf(gaps, { axis: 'step' })(row)),
    [100, 100, 300],
  )
  assert.equal(hasSteps(historyOf()), false)
})

test('names at the ends of lines keep their order and their distance, within the chart (2,000 charts)', () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const random = chance(seed)
    const height = 200
    const ends = Array.from({ length: random.whole(1, 8) }, (_, at) => ({
      text: `${at}`,
      end: random.whole(0, height),
    }))
    const labels = endLabels(ends, height, 15)
    assert.equal(labels.length, ends.length)
    for (const [at, { top, end }] of labels.entries()) {
      assert.ok(top >= 7 && top <= height - 7, `seed ${seed}: ${top}`)
      const after = labels[at + 1]
      if (after === undefined) continue
      assert.ok(after.top - top >= 15 - 1e-9, `seed ${seed}`)
      assert.ok(after.end >= end)
    }
  }
  assert.deepEqual(
    endLabels([{ text: 'a', end: 100 }], 200, 15).map(({ top }) => top),
    [100],
  )
})

test('jobs of one name are told apart by a part of their ids', () => {
  const names = shortNames([
    { id: 'k3v9m2x7q4wz', name: 'auto-mpg' },
    { id: 'b3v9m2x7q4wz', name: 'auto-mpg' },
    { id: 'c3v9m2x7q4wz', name: 'other' },
  ])
  assert.deepEqual([...names.values()], ['auto-mpg k3v9', 'auto-mpg b3v9', 'other'])
})

test('a job that is hidden has no line, and the grid of the others stays', () => {
  const jobs = [losses([5, 4, 3]), losses([9, 8, 7, 6])].map((told, slot) => ({
    job: `j${slot}`,
    slot,
    history: historyOf(...told),
    ofEpochs: null,
    stepsPerEpoch: null,
  }))
  const compared = compare(jobs, { metric: 'loss', axis: 'epoch', hidden: ['j1'] })
  assert.ok(!('problem' in compared))
  assert.deepEqual([compared.xs, compared.lines.map(({ job }) => job), compared.without], [[1, 2, 3, 4], ['j0'], []])
})

test('the y axis of several lines goes over what is finite, and on a log axis counts what has no place', () => {
  const lines = [
    [5, null, 0, -1],
    [undefined, 100, 2, 3],
  ]
  assert.deepEqual(yRangeOfLines(lines), { low: -1, high: 100, above: 0, below: 0, onFloor: 0 })
  assert.deepEqual(yRangeOfLines(lines, { log: true }), { low: 2, high: 100, above: 0, below: 0, onFloor: 2 })
  assert.equal(yRangeOfLines([[null, undefined]]), null)
  // Each line has one value that is far off: none of the lines is left out for it.
  const far = [100, 500].map(from => [...Array.from({ length: 40 }, (_, at) => from + at), 1e6])
  assert.deepEqual(yRangeOfLines(far, { fit: 'middle' }), { low: 101, high: 539, above: 2, below: 1, onFloor: 0 })
})
