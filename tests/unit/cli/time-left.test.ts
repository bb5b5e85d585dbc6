import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTimeLeft } from '../../../apps/cli/src/follow/time-left.ts'

const clocked = () => {
  let at = 0
  const left = createTimeLeft({ now: () => at, dash: '-' })
  return { at: (seconds: number) => (at = seconds * 1000), left }
}

test('a steady step says how long it still takes, once its pace can be told', () => {
  const { at, left } = clocked()
  assert.equal(left.of('download', 0, 100), null)
  at(1)
  assert.equal(left.of('download', 10, 100), null)
  at(4)
  assert.equal(left.of('download', 40, 100), '~6 s left')
})

test('a step that has slowed down of late has a range', () => {
  const { at, left } = clocked()
  for (let second = 0; second <= 10; second += 1) {
    at(second)
    left.of('download', 10 * second, 1000)
  }
  for (let second = 11; second <= 30; second += 1) {
    at(second)
    left.of('download', 100 + (second - 10), 1000)
  }
  const [, low, high] = /^~(\d+)-(\d+) min left$/.exec(left.of('download', 120, 1000) ?? '') ?? []
  assert.deepEqual([low, high], ['4', '15'])
})

test('a new step begins anew, and a step that does not count, or is done, says nothing', () => {
  const { at, left } = clocked()
  left.of('download', 0, 100)
  at(10)
  assert.equal(left.of('download', 50, 100), '~10 s left')
  assert.equal(left.of('verify', 1, 100), null)
  at(20)
  assert.equal(left.of('verify', 50, null), null)
  assert.equal(left.of('verify', 100, 100), null)
})
