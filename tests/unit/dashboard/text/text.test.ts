import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { STATE_ICONS } from '../../../../apps/dashboard/src/colour/palette.ts'
import { ageAt, pageClock, slurmClock, workerClock } from '../../../../apps/dashboard/src/text/ages.ts'
import { ago, coarse, duration, range } from '../../../../apps/dashboard/src/text/durations.ts'
import { count, figure, shortFigure, size } from '../../../../apps/dashboard/src/text/figures.ts'
import { progressShare, shownState } from '../../../../apps/dashboard/src/text/state-look.ts'
import { FAILURE_REASONS, JOB_STATES } from '../../../../packages/contracts/src/index.ts'

test('durations have two units at most, and the smaller one only where it says something', () => {
  const table: [number, string][] = [
    [0, '0 s'],
    [0.4, '0.4 s'],
    [59, '59 s'],
    [60, '1 min'],
    [754, '12 min 34 s'],
    [3600, '1 h'],
    [3840, '1 h 04 min'],
    [86_399, '1 d'],
    [90_000, '1 d 1 h'],
    [-5, '0 s'],
  ]
  for (const [seconds, text] of table) assert.equal(duration(seconds), text, `${seconds} s`)
})

test('ages and estimates have one unit', () => {
  assert.deepEqual([coarse(119), coarse(125), coarse(7300), coarse(200_000)], ['119 s', '2 min', '2 h', '2 d'])
  assert.deepEqual([ago(0.2), ago(18)], ['now', '18 s ago'])
  assert.deepEqual([range(1020, 1140), range(1140, 1140), range(40, 7300)], ['~17–19 min', '~19 min', '~1–2 h'])
})

test('figures have four digits, thin spaces between thousands, and say when they are no numbers', () => {
  const table: [number, string][] = [
    [0, '0'],
    [0.398, '0.3980'],
    [12.345, '12.35'],
    [-1.5, '−1.500'],
    [9999.4, '9999'],
    [9999.6, '10\u202f000'],
    [1234567, '1\u202f234\u202f567'],
    [1.2344e-7, '1.234e−7'],
    [-5e12, '−5.000e+12'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '−Inf'],
  ]
  for (const [value, text] of table) assert.equal(figure(value), text)
  assert.deepEqual([8.1, 0.42134, 1234.5, 0, -2, 99_999].map(shortFigure), [
    '8.1',
    '0.421',
    '1\u202f235',
    '0',
    '−2',
    '99\u202f999',
  ])
})

test('counts have their word, sizes their unit', () => {
  assert.deepEqual(
    [count(1, 'epoch'), count(2, 'epoch'), count(1922, 'match', 'matches'), count(88_213)],
    ['1 epoch', '2 epochs', '1\u202f922 matches', '88\u202f213'],
  )
  assert.deepEqual([size(512), size(2 * 1024 ** 2), size(1024 ** 3 * 9.3)], ['512 B', '2 MiB', '9.3 GiB'])
})

describe('the three clocks', () => {
  test('an age is counted on from when it was heard, and never goes back', () => {
    const heard = { ageMs: 4000, heardAt: 100_000 }
    assert.equal(ageAt(heard, 101_500), 5500)
    assert.equal(ageAt(heard, 99_000), 4000)
  })

  test('page and server: quiet up to 15 s, said up to a minute, a banner from then on', () => {
    assert.deepEqual([pageClock(0).level, pageClock(15_000).level], ['fresh', 'fresh'])
    assert.deepEqual(pageClock(18_000), { level: 'old', text: 'reconnecting, last heard 18 s ago' })
    assert.equal(pageClock(60_000).level, 'old')
    assert.equal(pageClock(60_001).level, 'silent')
    assert.match(pageClock(300_000).text, /last heard 5 min ago.*keeps trying/)
  })

  test('server and Slurm: by the interval that Slurm is asked at', () => {
    assert.deepEqual(slurmClock(4000, 10_000, '14:02'), { level: 'fresh', text: 'Slurm answered 4 s ago' })
    assert.equal(slurmClock(20_000, 10_000, '14:02').level, 'fresh')
    assert.deepEqual(slurmClock(20_001, 10_000, '14:02'), { level: 'old', text: 'as of 20 s ago' })
    assert.deepEqual(slurmClock(50_001, 10_000, '14:02'), {
      level: 'silent',
      text: 'Slurm has not answered since 14:02; states below are from then.',
    })
    assert.equal(slurmClock(50_001, 60_000, '14:02').level, 'fresh')
    assert.equal(slurmClock(0, 10_000, null).level, 'silent')
  })

  test('worker and server: patient with long epochs, and Slurm’s word beside the silence', () => {
    const slurm = { state: 'RUNNING', ageMs: 4000 }
    assert.equal(workerClock({ ageMs: 60_000, medianEpochSeconds: 1, slurm }).level, 'fresh')
    assert.equal(workerClock({ ageMs: 360_000, medianEpochSeconds: 200, slurm }).level, 'fresh')
    assert.deepEqual(workerClock({ ageMs: 360_000, medianEpochSeconds: null, slurm }), {
      level: 'old',
      text: 'no report for 6 min; Slurm says RUNNING, 4 s ago',
    })
    assert.equal(workerClock({ ageMs: 360_000, medianEpochSeconds: 2, slurm: null }).text, 'no report for 6 min')
  })
})

describe('states', () => {
  const seen = { state: 'running', hold: null, failure: null } as const

  test('each has an icon and its own word', () => {
    for (const state of JOB_STATES) {
      const shown = shownState({ ...seen, state })
      assert.equal(shown.word, state)
      assert.equal(shown.icon, STATE_ICONS[shown.look])
    }
    assert.notEqual(shownState({ ...seen, state: 'failed' }).icon, shownState({ ...seen, state: 'completed' }).icon)
  })

  test('held is said before anything else, but not of a job that has ended', () => {
    const hold = 'SLURM_REJECTED'
    assert.deepEqual(shownState({ ...seen, state: 'prepared', hold }), {
      look: 'held',
      icon: '‖',
      word: 'held',
      text: 'held: SLURM_REJECTED',
    })
    assert.equal(shownState({ ...seen, state: 'cancelled', hold }).word, 'cancelled')
  })

  test('a failed job says of what, each reason in words of its own', () => {
    const texts = FAILURE_REASONS.map(failure => shownState({ state: 'failed', hold: null, failure }).text)
    assert.equal(new Set(texts).size, FAILURE_REASONS.length)
    assert.ok(texts.includes('failed: out of memory'))
  })

  test('progress is a share, whole for what completed early, and nothing where the end is not known', () => {
    assert.equal(progressShare({ state: 'running', epochs: 412, ofEpochs: 1000 }), 0.412)
    assert.equal(progressShare({ state: 'completed', epochs: 60, ofEpochs: 1000 }), 1)
    assert.equal(progressShare({ state: 'failed', epochs: 60, ofEpochs: 0 }), null)
  })
})
