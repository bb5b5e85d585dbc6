// The same seed gives the same run, and how long one part takes does not change what another draws.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawJob } from '../../chaos/job-mix.ts'
import { createRandom } from '../../chaos/random.ts'

test('the same seed draws the same, another seed something else', () => {
  const draw = (seed: number) => Array.from({ length: 20 }, createRandom(seed).next)
  assert.deepEqual(draw(7), draw(7))
  assert.notDeepEqual(draw(7), draw(8))
})

test('a fork does not depend on what its parent has drawn', () => {
  const [early, late] = [createRandom(7), createRandom(7)]
  late.next()
  assert.equal(early.fork('faults').next(), late.fork('faults').next())
  assert.notEqual(early.fork('faults').next(), early.fork('jobs').next())
})

test('whole numbers reach both ends and nothing beyond', () => {
  const random = createRandom(1)
  const drawn = new Set(Array.from({ length: 500 }, () => random.whole(2, 5)))
  assert.deepEqual([...drawn].sort(), [2, 3, 4, 5])
})

test('shuffling keeps every card', () => {
  const deck = Array.from({ length: 30 }, (_, i) => i)
  const mixed = createRandom(3).shuffle(deck)
  assert.notDeepEqual(mixed, deck)
  assert.deepEqual(
    [...mixed].sort((a, b) => a - b),
    deck,
  )
})

test('jobs of every kind are drawn, and the same ones again', () => {
  const plans = (seed: number) => {
    const random = createRandom(seed)
    return Array.from({ length: 200 }, (_, i) => drawJob(random, i, 'run').wish)
  }
  assert.deepEqual(plans(5), plans(5))
  assert.ok(plans(5).some(wish => wish.refusable) && plans(5).some(wish => wish.cancelAfterMs !== null))
})
