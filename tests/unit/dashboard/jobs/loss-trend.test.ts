import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  lossOfLine,
  MOST_POINTS,
  NO_TREND,
  paceOfTrend,
  pointOfEpoch,
  sparkOf,
  type Trend,
  type TrendPoint,
  trendText,
  withAsked,
  withPoint,
} from '../../../../apps/dashboard/src/jobs/loss-trend.ts'

const point = (epoch: number, loss = 1 / (epoch + 1)): TrendPoint => ({ epoch, loss, atMs: 1_000 * epoch })
const told = (epochs: readonly number[]): Trend =>
  epochs.reduce<Trend>((trend, epoch) => withPoint(trend, point(epoch)), NO_TREND)
const epochsOf = ({ points }: Trend): number[] => points.map(({ epoch }) => epoch)

test('a trend never has more than its points, begins near the beginning and ends at the newest', () => {
  for (const last of [1, 23, 24, 25, 500, 99_999]) {
    const trend = told(Array.from({ length: last + 1 }, (_, epoch) => epoch))
    assert.ok(trend.points.length <= MOST_POINTS && trend.points.length >= Math.min(last, 12), `${last}`)
    assert.equal(trend.points.at(-1)?.epoch, last)
    assert.ok((trend.points[0]?.epoch ?? last) < trend.step)
  }
})

test('while epochs come, points only merge by two: none moves', () => {
  let before = new Set<number>()
  let trend = NO_TREND
  for (let epoch = 0; epoch < 2_000; epoch++) {
    const { step } = trend
    trend = withPoint(trend, point(epoch))
    // Of the full buckets nothing else is kept than before.
    for (const kept of epochsOf(trend)) if (kept < epoch - step) assert.ok(before.has(kept), `${kept} at ${epoch}`)
    before = new Set(epochsOf(trend))
  }
})

test('an epoch that a later attempt repeats takes away what came after it', () => {
  assert.deepEqual(epochsOf(withPoint(told([0, 1, 2, 3, 4, 5]), point(2, 9))), [0, 1, 2])
})

test('what was asked for goes before what was told since, each epoch once', () => {
  const asked = [0, 128, 256, 300].map(epoch => point(epoch))
  const both = withAsked(told([290, 305, 330]), asked)
  assert.deepEqual(epochsOf(both), [0, 128, 256, 300, 305, 330])
})

test('a loss that is no number stays that, and one that was not logged is no point', () => {
  const epoch = { epoch: 3, at: '2026-01-01T00:00:00.000Z', seconds: 1, run: '1-0', attempt: 1 }
  assert.deepEqual(pointOfEpoch({ ...epoch, values: { loss: null }, nonFinite: { loss: 'nan' } })?.loss, Number.NaN)
  assert.equal(pointOfEpoch({ ...epoch, values: { accuracy: 1 } }), null)
  assert.equal(lossOfLine({ loss: null, lossNonFinite: '+inf' }), Number.POSITIVE_INFINITY)
  assert.equal(lossOfLine({ loss: null, lossNonFinite: null }), null)
})

test('the picture breaks at what is no number and names its place, and a lone number is a dot', () => {
  const { path, bad } = sparkOf([point(0, 4), point(1, 2), point(2, Number.NaN), point(3, 0)], 34, 22)
  assert.equal(path, 'M2 2L12 11M32 20h0')
  assert.deepEqual(bad, [22])
})

test('a constant loss is a line in the middle, not at an edge', () => {
  assert.equal(sparkOf([point(0, 3), point(1, 3)], 20, 22).path, 'M2 11L18 11')
})

test('the trend is told in words', () => {
  assert.equal(trendText([point(0, 8.1), point(9, 0.42)]), 'loss fell from 8.1 to 0.42')
  assert.equal(trendText([point(0, 8.1), point(9, Number.NaN)]), 'loss became NaN by epoch 10')
  assert.equal(trendText([point(0)]), null)
})

test('the pace is of the newest intervals, a gap between attempts does not change its middle, and two points tell nothing', () => {
  const steady = told([0, 10, 20, 30])
  assert.equal(paceOfTrend(steady)?.medianSeconds, 1)
  const late = [40, 50, 60].map(epoch => ({ ...point(epoch), atMs: 1_000 * epoch + 3_600_000 }))
  assert.equal(paceOfTrend(late.reduce(withPoint, steady))?.medianSeconds, 1)
  assert.equal(paceOfTrend(told([0, 1])), null)
})
