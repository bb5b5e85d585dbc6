// The sum that result.json shows as secondsInReporter.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStopwatch } from '../../../apps/worker/src/stopwatch.ts'

test('a measured call inside a measured call counts once, and one that throws counts too', () => {
  let clock = 0
  const work = (ms: number) => (): void => {
    clock += ms
  }
  const stopwatch = createStopwatch(() => clock)
  stopwatch.measure(() => {
    clock += 100
    stopwatch.measure(work(200))
  })
  assert.throws(() =>
    stopwatch.measure(() => {
      clock += 700
      throw new Error('no')
    }),
  )
  clock += 5000
  assert.equal(stopwatch.seconds(), 1)
})
