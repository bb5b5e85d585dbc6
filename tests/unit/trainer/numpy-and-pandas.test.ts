// Sums, samples and descriptions as numpy 1.24.2 and pandas 1.5.3 (Debian 12) print them; the commands stand at each test.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe } from '../../../packages/trainer/src/data/describe.ts'
import { pairwiseSum } from '../../../packages/trainer/src/data/pairwise-sum.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import { sample } from '../../../packages/trainer/src/random/sample.ts'

// x = np.random.RandomState(1).rand(1000); x[:n].sum(). A plain loop gives 500.604599455905 for all of them.
test('a sum is equal to numpy bit by bit, below, at and above a block', () => {
  const values = new RandomState(1).rand(1000)
  const sums = [0, 5, 8, 100, 128, 129, 200, 1000].map(count => pairwiseSum(values, 0, count))
  assert.deepEqual(
    sums,
    [
      0, 1.58654933641103, 2.210708869600546, 48.587792760014565, 63.2374512474733, 63.36162456259321, 97.0716977516695,
      500.60459945590515,
    ],
  )
})

// pd.DataFrame({'x': range(n)}).sample(frac=f, random_state=s).x.tolist()
test('a sample takes the rows that pandas takes, halves rounded to even', () => {
  assert.deepEqual([...sample(10, 0.25, 1)], [2, 9])
  assert.deepEqual([...sample(10, 0.35, 1)], [2, 9, 6, 4])
  assert.deepEqual([...sample(7, 0.5, 4)], [4, 6, 3, 0])
  const split = sample(392, 0.8, 0)
  assert.equal(split.length, 314)
  assert.deepEqual([...split.subarray(0, 8)], [144, 280, 68, 372, 328, 255, 308, 326])
})

// pd.Series([3., 1., 4., 1., 5., 9., 2., 6.]).describe()
test('a column is described as pandas describes it', () => {
  assert.deepEqual(describe([3, 1, 4, 1, 5, 9, 2, 6]), {
    count: 8,
    mean: 3.875,
    std: 2.748376143938713,
    min: 1,
    '25%': 1.75,
    '50%': 3.5,
    '75%': 5.25,
    max: 9,
  })
})
