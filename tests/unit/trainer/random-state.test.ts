// What numpy's legacy generator draws for many seeds: tests/fixtures/numpy/record.py recorded it.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import { vectors } from '../../fixtures/numpy/vectors.ts'

const sha256 = (values: Float64Array | Int32Array | Uint32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex')

/** How many float64 lie between two numbers of one sign. */
function ulps(one: number, other: number): number {
  const [a, b] = new BigInt64Array(Float64Array.of(one, other).buffer) as unknown as [bigint, bigint]
  return Math.sign(one) === Math.sign(other) ? Math.abs(Number(a - b)) : Number.POSITIVE_INFINITY
}

for (const recorded of vectors.generator)
  test(`seed ${recorded.seed} draws what numpy draws, one kind after the other from one stream`, () => {
    const random = new RandomState(recorded.seed)
    assert.deepEqual([...random.rand(6)], recorded.rand)
    random.randn(151).forEach((value, i) => {
      const wanted = recorded.randn[i] as number
      assert.ok(ulps(value, wanted) <= 2, `randn ${i}: ${value} is not ${wanted}`)
    })
    const { p } = recorded
    assert.deepEqual(
      vectors.ranges.map(([low, high]) => [...random.randint(low, high, 9)]),
      recorded.randint,
    )
    assert.deepEqual([...random.permutation(17)], recorded.permutation)
    assert.deepEqual(random.shuffle([...Array(13).keys()]), recorded.shuffle)
    assert.deepEqual([...random.choice(10, 15)], recorded.choice)
    assert.deepEqual([...random.choice(10, 6, { replace: false })], recorded.choiceWithout)
    assert.deepEqual([...random.choice(12, 20, { p })], recorded.choiceP)
    assert.deepEqual([...random.choice(12, 9, { replace: false, p })], recorded.choiceWithoutP)
    assert.equal(sha256(random.rand(5000)), recorded.randSha256)
    assert.equal(sha256(random.permutation(5000)), recorded.permutationSha256)
    assert.equal(sha256(random.choice(100_000, 5000)), recorded.choiceSha256)
    const { key, position, gauss } = random.state
    assert.deepEqual([sha256(Uint32Array.from(key)), position], [recorded.state.keySha256, recorded.state.position])
    // 151 normal numbers are 75 pairs and the first half of one.
    assert.ok(ulps(gauss as number, recorded.state.gauss) <= 2)
  })

test('a seed given again starts the stream again, without the half of a pair', () => {
  const random = new RandomState(42)
  const first = random.randn(3)
  random.seed(42)
  assert.deepEqual(random.randn(3), first)
})

test('a generator whose state was carried through JSON goes on where the other stands, between the two of a pair too', () => {
  const original = new RandomState(5)
  original.randn(3)
  const restored = new RandomState(0)
  restored.state = JSON.parse(JSON.stringify(original.state))
  assert.deepEqual(restored.randn(5), original.randn(5))
  assert.deepEqual(restored.permutation(20), original.permutation(20))
})

test('a state that is no state and a seed outside 32 bits are refused', () => {
  const random = new RandomState(0)
  assert.throws(() => {
    random.state = { key: [1, 2], position: 0, gauss: null }
  }, RangeError)
  for (const seed of [-1, 1.5, 2 ** 32, Number.NaN]) assert.throws(() => new RandomState(seed), RangeError)
})

test('none of something is chosen without drawing', () => {
  const random = new RandomState(1)
  assert.deepEqual([random.choice(5, 0).length, random.choice(0, 0).length], [0, 0])
  assert.deepEqual(random.rand(1), new RandomState(1).rand(1))
})

test('what numpy refuses to draw is refused', () => {
  const random = new RandomState(0)
  const refused: (() => unknown)[] = [
    () => random.randint(5, 5, 1),
    () => random.randint(0, 1.5, 1),
    () => random.randint(0, 2 ** 32 + 1, 1),
    () => random.choice(0, 1),
    () => random.choice(3, 4, { replace: false }),
    () => random.choice(3, 1, { p: [0.5, 0.5] }),
    () => random.choice(2, 1, { p: [0.5, 0.6] }),
    () => random.choice(2, 1, { p: [1.5, -0.5] }),
    () => random.choice(2, 1, { p: [Number.NaN, 1] }),
    () => random.choice(3, 2, { replace: false, p: [1, 0, 0] }),
  ]
  for (const draw of refused) assert.throws(draw, RangeError)
})
