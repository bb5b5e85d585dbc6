// Exercise 2's training: what is reported, that it repeats bit by bit, and that nothing stays behind.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { memory } from '@tensorflow/tfjs-core'
import { TrainingReport } from '../../../packages/contracts/src/job-directory.ts'
import { makeAssets, makeAssetsWith } from './assets.ts'
import { type Trained, train } from './training.ts'

const NAMES = ['loss', 'mae', 'mse', 'val_loss', 'val_mae', 'val_mse']
const sha256 = ({ epochs }: Trained): string =>
  createHash('sha256')
    .update(JSON.stringify(epochs.map(({ values }) => values)))
    .digest('hex')

test("every epoch reports Keras's six values, and the report adds the test part and the page's tables", async () => {
  const { outcome, epochs, backends } = await train(await makeAssets(), { preset: 'auto-mpg', epochs: 8 })
  assert.equal(outcome.kind, 'completed')
  for (const [i, { epoch, values, seconds }] of epochs.entries()) {
    assert.deepEqual([epoch, Object.keys(values)], [i, NAMES])
    assert.ok(seconds > 0)
  }
  const report = TrainingReport.parse(outcome.report)
  const { test_loss, test_mae, ...last } = report.metrics
  assert.deepEqual(last, epochs.at(-1)?.values)
  assert.ok(Number(test_loss) > 0 && Number(test_mae) > 0)
  assert.deepEqual(Object.keys(report.tables), ['train_stats', 'layers', 'history'])
  assert.deepEqual(report.tables.layers, [
    { name: 'dense', output_shape: '(None, 64)', params: 640 },
    { name: 'dense_1', output_shape: '(None, 64)', params: 4160 },
    { name: 'dense_2', output_shape: '(None, 1)', params: 65 },
  ])
  assert.deepEqual(
    report.tables.history?.map(({ epoch }) => epoch),
    [3, 4, 5, 6, 7],
  )
  assert.deepEqual([report.backend, report.engine, report.epochs], ['wasm', 'autograd', 8])
  assert.deepEqual(backends, [{ backend: report.backend, engine: report.engine, skipped: report.skipped }])
})

test('the loss falls', async () => {
  const { epochs } = await train(await makeAssets(), { preset: 'auto-mpg', epochs: 30 })
  const [first, last] = [epochs[0]?.values, epochs.at(-1)?.values]
  assert.ok(Number(first?.loss) > 400, `${first?.loss}`)
  assert.ok(Number(last?.loss) < 40 && Number(last?.val_loss) < 40, `${last?.loss} ${last?.val_loss}`)
})

for (const backend of ['wasm', 'cpu'] as const)
  test(`two trainings with one seed are equal bit by bit on ${backend}, and another seed differs`, async () => {
    const directory = await makeAssets()
    const training = { preset: 'auto-mpg', epochs: 4, backend } as const
    const [one, two] = [await train(directory, training), await train(directory, training)]
    const other = await train(directory, { ...training, seed: 1 })
    assert.equal(one.backends[0]?.backend, backend)
    assert.equal(sha256(one), sha256(two))
    assert.notEqual(sha256(one), sha256(other))
  })

test('wasm and cpu agree on the losses of the first epochs to 1e-6', async () => {
  const directory = await makeAssets()
  const losses = async (backend: 'wasm' | 'cpu') =>
    (await train(directory, { preset: 'auto-mpg', backend })).epochs.map(({ values }) => values.loss as number)
  const [wasm, cpu] = [await losses('wasm'), await losses('cpu')]
  wasm.forEach((loss, i) => {
    assert.ok(Math.abs(loss / (cpu[i] as number) - 1) < 1e-6, `epoch ${i}: ${loss} and ${cpu[i]}`)
  })
})

test('no tensor is left after a training, whether it was completed, stopped or failed', async () => {
  const directory = await makeAssets()
  const diverging = await makeAssetsWith(cars => cars.map(car => withConsumption(car, 1e200)))
  await train(directory, { preset: 'auto-mpg', epochs: 1 })
  const before = memory().numTensors
  const stop = new AbortController()
  const ends = [
    await train(directory, { preset: 'auto-mpg' }),
    await train(directory, { preset: 'auto-mpg' }, { signal: stop.signal, onEpoch: () => stop.abort() }),
    await train(diverging, { preset: 'auto-mpg' }),
  ]
  assert.deepEqual(
    ends.map(({ outcome }) => outcome.kind),
    ['completed', 'stopped', 'failed'],
  )
  assert.equal(memory().numTensors, before)
})

test('a loss that is not a number ends the training after its epoch, which is reported', async () => {
  const directory = await makeAssetsWith(cars => cars.map(car => withConsumption(car, 1e200)))
  const { outcome, epochs } = await train(directory, { preset: 'auto-mpg', epochs: 50 })
  assert.equal(outcome.kind, 'failed')
  const { failure, report } = outcome as Extract<typeof outcome, { kind: 'failed' }>
  assert.deepEqual([failure.reason, failure.code], ['training', 'TRAIN_NAN_LOSS'])
  assert.match(failure.detail, /^Epoch 1 of 50 ended with loss = (NaN|Infinity)/)
  assert.equal(epochs.length, 1)
  assert.ok(!Number.isFinite(epochs[0]?.values.loss))
  assert.equal(TrainingReport.parse(report).metrics.loss, null)
  assert.equal(report?.epochs, 1)
})

const withConsumption = (car: Record<string, unknown>, milesPerGallon: number): Record<string, unknown> =>
  car.Miles_per_Gallon === null ? car : { ...car, Miles_per_Gallon: milesPerGallon }
