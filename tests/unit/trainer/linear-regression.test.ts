// Exercise 1: the figures are those that the tutorial prints.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPace } from '../../../packages/trainer/src/pace.ts'
import { prepareLine } from '../../../packages/trainer/src/presets/linear-regression.ts'
import type { EpochValues } from '../../../packages/trainer/src/trainable.ts'
import { makeAssets } from './assets.ts'
import { train } from './training.ts'

const page = { preset: 'linear-regression', epochs: 1000, seed: 42 } as const
const printed = (value: unknown): string => (value as number).toFixed(8)

test("seed 42 starts, ends and is solved exactly with the page's figures", async () => {
  const { outcome } = await train(await makeAssets(), page)
  assert.equal(outcome.kind, 'completed')
  const [start, end, exact] = outcome.report?.tables.coefficients ?? []
  assert.deepEqual([start?.name, printed(start?.a), printed(start?.b)], ['start', '0.49671415', '-0.13826430'])
  assert.deepEqual([end?.name, printed(end?.a), printed(end?.b)], ['end', '1.02354094', '1.96896411'])
  assert.deepEqual([exact?.name, printed(exact?.a), printed(exact?.b)], ['least squares', '1.02354075', '1.96896447'])
})

// The page's loop in numpy 1.24.2 on Debian 12: print(repr(a[0]), repr(b[0]), repr(loss))
test('seed 42 is equal to numpy in every bit', async () => {
  const { outcome } = await train(await makeAssets(), page)
  const { a, b, loss } = outcome.report?.metrics ?? {}
  assert.deepEqual([a, b, loss], [1.02354093708, 1.9689641135454565, 0.008044657695505499])
})

test('every epoch reports loss, val_loss, a and b, and the last of them are the metrics beside the least squares', async () => {
  const { outcome, epochs, backends } = await train(await makeAssets(), { ...page, epochs: 7 })
  assert.deepEqual(
    epochs.map(({ epoch }) => epoch),
    [0, 1, 2, 3, 4, 5, 6],
  )
  for (const { values } of epochs) assert.deepEqual(Object.keys(values), ['loss', 'val_loss', 'a', 'b'])
  const { least_squares_a, least_squares_b, ...last } = outcome.report?.metrics ?? {}
  assert.deepEqual(last, epochs.at(-1)?.values)
  assert.deepEqual([printed(least_squares_a), printed(least_squares_b)], ['1.02354075', '1.96896447'])
  assert.equal(outcome.report?.tables.history?.length, 5)
  assert.deepEqual([backends.length, backends[0]?.backend, backends[0]?.engine], [1, 'cpu', 'float64'])
})

test('another seed gives other data and another start', async () => {
  const directory = await makeAssets()
  const [one, two] = [await train(directory, { ...page, seed: 0 }), await train(directory, { ...page, seed: 1 })]
  assert.notEqual(one.outcome.report?.metrics.a, two.outcome.report?.metrics.a)
})

test('a learning rate that is too large is seen in the loss of the epoch in which it overflows', async () => {
  const line = prepareLine(42, 1e200)
  const pace = createPace(new AbortController().signal)
  const epochs: EpochValues[] = []
  await line.trainEpoch(pace, values => epochs.push(values))
  assert.equal(epochs[0]?.val_loss, Number.POSITIVE_INFINITY)
})
