// Exercise 2's training: what is reported, that it repeats bit by bit, and that nothing stays behind.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { memory } from '@tensorflow/tfjs-core'
import { TrainingReport } from '../../../packages/contracts/src/job-directory.ts'
import { fit } from '../../../packages/trainer/src/fit.ts'
import { makeAssets, makeAssetsWith } from './assets.ts'
import { type Trained, train, trainingOf } from './training.ts'

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
  const { test_loss, test_mae, test_mse, ...last } = report.metrics
  assert.deepEqual(last, epochs.at(-1)?.values)
  assert.ok(Number(test_loss) > 0 && Number(test_mae) > 0 && test_mse === test_loss)
  assert.deepEqual(report.layers, [
    { name: 'dense', type: 'Dense', outputShape: [64], params: 640 },
    { name: 'dense_1', type: 'Dense', outputShape: [64], params: 4160 },
    { name: 'dense_2', type: 'Dense', outputShape: [1], params: 65 },
  ])
  assert.equal(Object.keys(report.trainStatistics ?? {}).length, 9)
  assert.equal(report.trainStatistics?.Cylinders?.count, 314)
  assert.deepEqual(
    report.history.map(({ epoch }) => epoch),
    [3, 4, 5, 6, 7],
  )
  assert.deepEqual([report.backend, report.engine, report.epochs], ['simd', 'simd', 8])
  assert.deepEqual(backends, [{ backend: report.backend, engine: report.engine, skipped: report.skipped }])
})

test('the loss falls', async () => {
  const { epochs } = await train(await makeAssets(), { preset: 'auto-mpg', epochs: 30 })
  const [first, last] = [epochs[0]?.values, epochs.at(-1)?.values]
  assert.ok(Number(first?.loss) > 400, `${first?.loss}`)
  assert.ok(Number(last?.loss) < 40 && Number(last?.val_loss) < 40, `${last?.loss} ${last?.val_loss}`)
})

for (const backend of ['simd', 'wasm', 'cpu'] as const)
  test(`two trainings with one seed are equal bit by bit on ${backend}, and another seed differs`, async () => {
    const directory = await makeAssets()
    const training = { preset: 'auto-mpg', epochs: 4, backend } as const
    const [one, two] = [await train(directory, training), await train(directory, training)]
    const other = await train(directory, { ...training, seed: 1 })
    assert.equal(one.backends[0]?.backend, backend)
    assert.equal(sha256(one), sha256(two))
    assert.notEqual(sha256(one), sha256(other))
  })

test('simd, wasm and cpu agree on the losses of the first epochs to 1e-6', async () => {
  const directory = await makeAssets()
  const losses = async (backend: string) =>
    (await train(directory, { preset: 'auto-mpg', backend })).epochs.map(({ values }) => values.loss as number)
  const simd = await losses('simd')
  for (const other of ['wasm', 'cpu'])
    (await losses(other)).forEach((loss, i) => {
      assert.ok(Math.abs(loss / (simd[i] as number) - 1) < 1e-6, `epoch ${i}: ${loss} on ${other} and ${simd[i]}`)
    })
})

test('ten thousand epochs on our own kernels leave the memory flat', async () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const used: number[] = []
  const outcome = await fit({
    training: trainingOf({
      kind: 'model',
      data: { format: 'auto-mpg' },
      validationSplit: 0.2,
      model: {
        layers: [
          { kind: 'dense', units: 4, activation: 'relu' },
          { kind: 'dense', units: 1 },
        ],
      },
      optimizer: { kind: 'adam' },
      loss: 'mse',
      epochs: 10_000,
      batchSize: 320,
      backend: 'simd',
    }),
    gpus: 0,
    cpus: 1,
    assets: { directory: await makeAssets() },
    signal: new AbortController().signal,
    resume: [],
    onBackend() {},
    onStart() {},
    onEpoch({ epoch }) {
      if (epoch % 1_000 !== 999) return
      gc()
      const { heapUsed, external, arrayBuffers } = process.memoryUsage()
      used.push(heapUsed + external + arrayBuffers)
    },
  })
  assert.equal(outcome.kind, 'completed')
  // Nothing is kept of an epoch here. The least of some readings each: compiled code comes and goes by half a megabyte. One
  // prediction left behind by every epoch, 316 bytes, would come to 1.6 MB in the 5,000 epochs between them at least.
  const grown = Math.min(...used.slice(-3)) - Math.min(...used.slice(0, 3))
  assert.ok(grown < 1_000_000, `${grown} bytes more after ${used}`)
})

test('while the tensor library trains, no tensor is added from epoch to epoch', async () => {
  const counts: number[] = []
  await train(
    await makeAssets(),
    { preset: 'auto-mpg', epochs: 12, backend: 'cpu' },
    { onEpoch: () => counts.push(memory().numTensors) },
  )
  assert.equal(counts.length, 12)
  assert.deepEqual(new Set(counts).size, 1, String(counts))
})

test('no tensor is left after a training, whether it was completed, stopped or failed', async () => {
  const directory = await makeAssets()
  const diverging = await makeAssetsWith(cars => cars.map(car => withConsumption(car, 3e38)))
  await train(directory, { preset: 'auto-mpg', epochs: 1, backend: 'cpu' })
  const before = memory().numTensors
  const stop = new AbortController()
  const ends = [
    await train(directory, { preset: 'auto-mpg', backend: 'cpu' }),
    await train(
      directory,
      { preset: 'auto-mpg', backend: 'cpu' },
      { signal: stop.signal, onEpoch: () => stop.abort() },
    ),
    await train(diverging, { preset: 'auto-mpg', backend: 'cpu' }),
  ]
  assert.deepEqual(
    ends.map(({ outcome }) => outcome.kind),
    ['completed', 'stopped', 'failed'],
  )
  assert.equal(memory().numTensors, before)
})

test('a loss that is no finite number ends the training at its batch, which is named', async () => {
  // float32 ends at 3.4e38: the first gradients are finite, what comes of them is not.
  const directory = await makeAssetsWith(cars => cars.map(car => withConsumption(car, 3e38)))
  const { outcome, epochs, start } = await train(directory, { preset: 'auto-mpg', epochs: 50 })
  assert.equal(outcome.kind, 'failed')
  const { failure, report } = outcome as Extract<typeof outcome, { kind: 'failed' }>
  assert.deepEqual([failure.reason, failure.code], ['training', 'TRAIN_NAN_LOSS'])
  assert.match(failure.detail, /^The loss of epoch 1 of 50, batch [0-9] of 8, is (NaN|Infinity): no later batch/)
  assert.deepEqual([epochs.length, report?.epochs], [0, 0])
  assert.equal(start?.checkpoint(), null)
})

const withConsumption = (car: Record<string, unknown>, milesPerGallon: number): Record<string, unknown> =>
  car.Miles_per_Gallon === null ? car : { ...car, Miles_per_Gallon: milesPerGallon }
