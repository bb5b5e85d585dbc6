// Reference values printed by numpy 1.24.2 (Debian 12, python3-numpy):
//   r = np.random.RandomState(seed); r.rand(3); r.randn(3); r.permutation(10)
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'

const NUMPY = [
  {
    seed: 0,
    rand: [0.5488135039273248, 0.7151893663724195, 0.6027633760716439],
    randn: [-2.268328201180374, 1.3335453816218967, -0.8427240538292873],
    permutation: [9, 7, 3, 5, 1, 2, 4, 0, 8, 6],
  },
  {
    seed: 1,
    rand: [0.417022004702574, 0.7203244934421581, 0.00011437481734488664],
    randn: [-0.8021728386486427, -0.4488778077207725, -1.1059350760083153],
    permutation: [1, 7, 0, 3, 8, 9, 5, 6, 4, 2],
  },
  {
    seed: 42,
    rand: [0.3745401188473625, 0.9507143064099162, 0.7319939418114051],
    randn: [-1.1118801180469204, 0.31890218468938336, 0.2790412922001377],
    permutation: [0, 8, 6, 9, 3, 1, 4, 5, 2, 7],
  },
  {
    seed: 4294967295,
    rand: [0.0976320289940138, 0.9123828453026218, 0.78903530185164],
    randn: [0.0813036681172692, 0.4096851233481656, 0.31595808265170017],
    permutation: [3, 9, 2, 6, 8, 1, 7, 0, 4, 5],
  },
]

const sha256 = (values: Float64Array | Int32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex')

for (const { seed, rand, randn, permutation } of NUMPY)
  test(`seed ${seed} draws what numpy draws, one kind after the other from one stream`, () => {
    const random = new RandomState(seed)
    assert.deepEqual([...random.rand(3)], rand)
    random.randn(3).forEach((value, i) => {
      const expected = randn[i] as number
      assert.ok(Math.abs(value - expected) <= 2 * Number.EPSILON * Math.abs(expected), `${value} is not ${expected}`)
    })
    assert.deepEqual([...random.permutation(10)], permutation)
  })

// hashlib.sha256(np.random.RandomState(42).rand(10000).tobytes()).hexdigest()
test('ten thousand uniform numbers are equal to numpy bit by bit', () => {
  const drawn = sha256(new RandomState(42).rand(10_000))
  assert.equal(drawn, 'c277d7cae74ece65754383b11cecb7fa05e36413c42387ddf1cd892eb765d507')
})

// hashlib.sha256(np.random.RandomState(0).permutation(392).astype('<i4').tobytes()).hexdigest()
test('a permutation of 392 rows is the one that pandas splits Auto MPG by', () => {
  const drawn = sha256(new RandomState(0).permutation(392))
  assert.equal(drawn, '4e32e03379e7be57e12b997640baf43bef12cbaa224bb174466bd1ea372d1aa7')
})

// a = np.arange(12); np.random.seed(3); np.random.shuffle(a); np.random.shuffle(a)
test('a sequence shuffled twice stands as numpy leaves it', () => {
  const random = new RandomState(3)
  const sequence = Array.from({ length: 12 }, (_, i) => i)
  random.shuffle(random.shuffle(sequence))
  assert.deepEqual(sequence, [2, 10, 4, 1, 9, 3, 11, 5, 7, 0, 6, 8])
})

// r = np.random.RandomState(7); r.rand(1000); r.get_state()[1:3]; r.rand(1)
test("the state is numpy's own: words and position", () => {
  const random = new RandomState(7)
  random.rand(1000)
  const { key, position } = random.state
  assert.equal(position, 128)
  assert.deepEqual(key.slice(0, 3), [2073541946, 768176621, 4140727508])
  assert.equal(random.rand(1)[0], 0.08378587007198324)
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
