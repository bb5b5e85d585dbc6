// Keras's metrics, counted by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metric } from '../../../packages/contracts/src/index.ts'
import { type Answers, createMetrics } from '../../../packages/trainer/src/training/metrics.ts'

function measured(
  metrics: Metric[],
  { width, answers = null }: { width: number; answers?: Answers | null },
  values: number[],
  targets: number[],
): Record<string, number> {
  const rows = values.length / width
  const of = createMetrics(metrics, width, answers)
  const sums = new Float64Array(of.keys.length + 1)
  of.add(Float64Array.from(values), Float64Array.from(targets), rows, sums, 1)
  return Object.fromEntries(of.keys.map((key, i) => [key, of.value(i, sums[i + 1] as number, rows)]))
}

test('errors are means over rows and outputs', () => {
  const found = measured(
    ['meanSquaredError', 'meanAbsoluteError', 'rootMeanSquaredError', 'meanAbsolutePercentageError'],
    { width: 2 },
    [1, 2, 3, 8],
    [2, 2, 3, 4],
  )
  assert.deepEqual(found, { mse: 17 / 4, mae: 5 / 4, rmse: Math.sqrt(17 / 4), mape: (50 + 0 + 0 + 100) / 4 })
})

test('a percentage of a target of zero is one of 1e-7, as in Keras', () => {
  const { mape } = measured(['meanAbsolutePercentageError'], { width: 1 }, [1], [0])
  assert.ok(Math.abs((mape as number) / 1e9 - 1) < 1e-12, String(mape))
})

test('accuracy counts rows whose largest value is that of their class', () => {
  const { accuracy } = measured(
    ['accuracy'],
    { width: 3, answers: 'classes' },
    [0.2, 0.5, 0.3, 0.4, 0.4, 0.2, 0, 0.1, 0.9],
    [0, 1, 0, 0, 1, 0, 0, 0, 1],
  )
  assert.equal(accuracy, 2 / 3)
})

test('accuracy of yes and no is on which side of one half each number lies', () => {
  assert.deepEqual(measured(['accuracy'], { width: 1, answers: 'binary' }, [0.5, 0.51, 0.2, 0.9], [0, 1, 1, 0]), {
    accuracy: 0.5,
  })
  assert.deepEqual(measured(['accuracy'], { width: 2, answers: 'binary' }, [0.6, 0.4], [1, 1]), { accuracy: 0.5 })
})

test('among the five highest: fewer than five values are larger, so that a tie counts', () => {
  const values = [0.3, 0.2, 0.15, 0.12, 0.1, 0.1, 0.03]
  const oneHot = (of: number) => values.map((_, i) => Number(i === of))
  for (const [of, expected] of [
    [4, 1],
    [5, 1],
    [6, 0],
  ] as const)
    assert.deepEqual(measured(['topKAccuracy'], { width: 7, answers: 'classes' }, values, oneHot(of)), {
      top_5_accuracy: expected,
    })
})

test('a metric that is asked for under two names is reported once', () => {
  assert.deepEqual(createMetrics(['meanSquaredError', 'meanSquaredError'], 1, null).keys, ['mse'])
})
