import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEpochTrack } from '../../../apps/cli/src/follow/epoch-track.ts'
import { limitStrikesAt, paceOf } from '../../../apps/cli/src/follow/pace.ts'
import { duration, timeLeft } from '../../../apps/cli/src/text/durations.ts'
import type { Epoch } from '../../../packages/contracts/src/index.ts'

const epoch = (index: number, loss: number | null, attempt = 1): Epoch => ({
  epoch: index,
  at: new Date(Date.UTC(2026, 0, 1) + index * 2000).toISOString(),
  seconds: 2,
  values: { loss },
  ...(loss === null ? { nonFinite: { loss: 'nan' as const } } : {}),
  run: `1-${attempt - 1}`,
  attempt,
})

test('there is no estimate before the third epoch', () => {
  assert.equal(paceOf([0, 1000]), null)
  assert.deepEqual(paceOf([0, 1000, 2000]), { medianSeconds: 1, lowSeconds: 1, highSeconds: 1 })
})

test('one slow epoch among twenty does not move the estimate', () => {
  const times = Array.from({ length: 21 }, (_, at) => at * 1000 + (at > 10 ? 60_000 : 0))
  assert.equal(paceOf(times)?.medianSeconds, 1)
  assert.equal(paceOf(times)?.highSeconds, 1)
})

test('the time limit is foreseen, and only where it strikes', () => {
  const pace = { medianSeconds: 10, lowSeconds: 9, highSeconds: 11 }
  assert.equal(limitStrikesAt(pace, { epochs: 400, of: 1000, limitLeftSeconds: 4120 }), 812)
  assert.equal(limitStrikesAt(pace, { epochs: 400, of: 1000, limitLeftSeconds: 6000 }), null)
})

test('a later attempt supersedes epochs, and their best with them', () => {
  const track = createEpochTrack()
  track.add([epoch(0, 3), epoch(1, 2), epoch(2, 0.1), epoch(3, null)])
  assert.deepEqual(track.best(), { value: 0.1, epoch: 3 })
  track.add([epoch(2, 1.5, 2)])
  assert.deepEqual(track.best(), { value: 1.5, epoch: 3 })
  assert.equal(track.complete(), true)
  track.add([epoch(9, 0.2, 1)])
  assert.equal(track.last()?.attempt, 2)
})

test('a gap is noticed, so that no best is claimed over it', () => {
  const track = createEpochTrack()
  track.add([epoch(0, 3), epoch(5, 1)])
  assert.equal(track.complete(), false)
  assert.equal(track.knownTo(), 0)
  track.add([1, 2, 3, 4].map(index => epoch(index, 2)))
  assert.equal(track.complete(), true)
})

test('durations read as people say them', () => {
  assert.deepEqual([0, 3.25, 42, 62, 3600, 3840, 90_000].map(duration), [
    '0 s',
    '3.3 s',
    '42 s',
    '1 min 02 s',
    '1 h',
    '1 h 04 min',
    '1 d 1 h',
  ])
  assert.equal(timeLeft(1020, 1140), '~17–19 min left')
  assert.equal(timeLeft(0.2, 0.9), '~1 s left')
})
