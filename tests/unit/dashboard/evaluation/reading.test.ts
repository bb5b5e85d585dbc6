import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  byAccuracy,
  cellsOf,
  mistakes,
  pairRows,
  pairsOf,
  pairsText,
  percent,
  sampleText,
  worstText,
  wrongFirst,
} from '../../../../apps/dashboard/src/evaluation/reading.ts'

const NAMES = ['bag', 'shirt', 'coat']
const CONFUSION = [
  [80, 20, 0],
  [1, 199, 0],
  [0, 0, 0],
]
const sample = (truth: number, predicted: number, sure: number | null) => ({
  row: 1,
  true: truth,
  predicted,
  probabilities: [0, 1, 2].map(at => (at === predicted ? sure : 0)),
  image: null,
})

test('shares are of a true class, also of one that has no rows', () => {
  const cells = cellsOf(CONFUSION, NAMES)
  assert.deepEqual(
    cells.filter(cell => cell.rows > 0).map(({ truth, predicted, share }) => [truth, predicted, share]),
    [
      ['bag', 'bag', 0.8],
      ['bag', 'shirt', 0.2],
      ['shirt', 'bag', 0.005],
      ['shirt', 'shirt', 0.995],
    ],
  )
  assert.deepEqual(
    cells.filter(cell => cell.truth === 'coat').map(cell => cell.share),
    [0, 0, 0],
  )
  assert.equal(worstText(cells), 'bag is taken for shirt most often: 20 of 100.')
  assert.deepEqual(mistakes(cells, 1).length, 1)
  assert.equal(worstText(cellsOf([[3]], ['a'])), null)
})

test('a share that is not nothing is not written as nothing', () => {
  assert.deepEqual([0, 0.004, 0.0095, 0.1, 0.995, 1].map(percent), ['0 %', '0.4 %', '1 %', '10 %', '100 %', '100 %'])
})

test('the best class comes first and one without rows last', () => {
  const classes = [
    { name: 'a', rows: 0, accuracy: null },
    { name: 'b', rows: 2, accuracy: 0 },
    { name: 'c', rows: 2, accuracy: 1 },
  ]
  assert.deepEqual(
    byAccuracy(classes).map(({ name }) => name),
    ['c', 'b', 'a'],
  )
})

test('wrong pictures come first, the surest of them before the others, and each is told in words', () => {
  const [right, wrong, surely] = [sample(0, 0, 0.99), sample(0, 1, 0.4), sample(1, 0, 0.9)]
  assert.deepEqual(wrongFirst([right, wrong, surely]), [surely, wrong, right])
  assert.equal(sampleText(surely, NAMES), 'shirt, taken for bag, 90 % sure')
  assert.equal(sampleText(right, NAMES), 'bag, recognised, 99 % sure')
  assert.equal(sampleText(sample(0, 1, null), NAMES), 'bag, taken for shirt, how sure is not a number')
  assert.equal(sampleText({ ...wrong, probabilities: [] }, NAMES), 'bag, taken for shirt')
})

test('a prediction that is no number is counted, named NaN in the table, and in no mean', () => {
  const output = { pairs: { row: [0, 4, 8], true: [1, 2, null], predicted: [2, null, 3] } }
  const pairs = pairsOf(output)
  assert.deepEqual([pairs.points, pairs.notNumbers, pairs.meanError], [[{ row: 0, truth: 1, predicted: 2 }], 2, 1])
  assert.equal(
    pairsText(pairs, { rows: 9, part: 'test' }),
    '9 rows of the test part, 3 of them drawn. A prediction is off by 1 on average. On the line both agree. 2 predictions are NaN and not drawn.',
  )
  assert.deepEqual(pairRows(output), [
    ['1', '1.000', '2.000', '1.000'],
    ['5', '2.000', 'NaN', 'NaN'],
    ['9', 'NaN', '3.000', 'NaN'],
  ])
  assert.equal(pairsOf({ pairs: { row: [], true: [], predicted: [] } }).meanError, null)
})
