import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKept } from '../../../apps/orchestrator/src/streams/kept.ts'

test('an answer is kept until its age is over, counted from when it was last given', () => {
  let now = 0
  const kept = createKept<number>({ most: 10, ageMs: 100 }, () => now)
  kept.set('a', 1)
  now = 60
  kept.set('a', 2)
  now = 159
  assert.equal(kept.get('a'), 2)
  now = 160
  assert.equal(kept.get('a'), undefined)
})

test('past its number the answer that was given first makes room', () => {
  const kept = createKept<number>({ most: 2, ageMs: 100 }, () => 0)
  kept.set('a', 1)
  kept.set('b', 2)
  kept.set('a', 3)
  kept.set('c', 4)
  assert.deepEqual(
    ['a', 'b', 'c'].map(key => kept.get(key)),
    [3, undefined, 4],
  )
})
