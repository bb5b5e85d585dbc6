import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rangeOf } from '../../../apps/orchestrator/src/http/byte-range.ts'

test('one range is understood in each of its forms', () => {
  assert.deepEqual(rangeOf('bytes=0-0', 10), { first: 0, end: 1 })
  assert.deepEqual(rangeOf('bytes=2-4', 10), { first: 2, end: 5 })
  assert.deepEqual(rangeOf('bytes=7-', 10), { first: 7, end: 10 })
  assert.deepEqual(rangeOf('bytes=7-99', 10), { first: 7, end: 10 })
  assert.deepEqual(rangeOf('bytes=-3', 10), { first: 7, end: 10 })
  assert.deepEqual(rangeOf('bytes=-99', 10), { first: 0, end: 10 })
})

test('of what is behind the end nothing is there', () => {
  assert.equal(rangeOf('bytes=10-', 10), 'none')
  assert.equal(rangeOf('bytes=-0', 10), 'none')
  assert.equal(rangeOf('bytes=0-', 0), 'none')
})

test('what is not understood is no range: the whole is served', () => {
  for (const header of [
    undefined,
    '',
    'bytes=-',
    'bytes=4-2',
    'bytes=0-1,3-4',
    'rows=0-1',
    'bytes= 0-1',
    `bytes=0-${'9'.repeat(20)}`,
  ])
    assert.equal(rangeOf(header, 10), 'whole', header)
})
