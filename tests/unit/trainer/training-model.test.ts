// The loop of a model over batches: what an epoch is made of, how it ends, and what it leaves.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { TrainingReport } from '../../../packages/contracts/src/index.ts'
import type { Dataset } from '../../../packages/trainer/src/data/dataset.ts'
import { TrainerError } from '../../../packages/trainer/src/errors.ts'
import { createLoop } from '../../../packages/trainer/src/loop.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import { dataset, parts, surface, thirds } from './made-up-data.ts'
import { tinyNet } from './tiny-net.ts'
import { comparable, type Request, requestOf, runTiny, type Tiny, tiny } from './tiny-training.ts'

/** Which rows of `data` each step is given, told by their first feature. */
function watchSteps({ net }: Tiny, data: Dataset): number[][] {
  const features = rowsOf(data, 0, data.rows).features
  const rowOf = new Map(Array.from({ length: data.rows }, (_, row) => [features[2 * row], row]))
  const seen: number[][] = []
  const { step } = net
  net.step = (given, rows, head, learningRate) => {
    seen.push(Array.from({ length: rows }, (_, i) => rowOf.get(given[2 * i]) as number))
    step(given, rows, head, learningRate)
  }
  return seen
}

function rowsOf(data: Dataset, from: number, to: number) {
  const [features, targets] = [new Float32Array(2 * (to - from)), new Float32Array(to - from)]
  data.read(
    Int32Array.from({ length: to - from }, (_, i) => from + i),
    features,
    targets,
  )
  return { features, targets }
}

test('an epoch is every row once, in batches, the last one smaller, in an order that each epoch shuffles anew', async () => {
  const made = tiny({ epochs: 3 }, parts(surface(20, 1)))
  const read = watchSteps(made, surface(20, 1))
  await runTiny({ epochs: 3 }, made)
  const epochs = [0, 1, 2].map(epoch => read.slice(3 * epoch, 3 * epoch + 3))
  for (const batches of epochs) {
    assert.deepEqual(
      batches.map(batch => batch.length),
      [8, 8, 4],
    )
    assert.deepEqual(
      batches.flat().sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i),
    )
  }
  // numpy: np.random.seed(0), the numbers of the start, then np.random.shuffle of the same order again and again; the tiny net
  // draws 8 · 5 numbers a whole batch for its masks.
  const random = new RandomState(0)
  tinyNet({ inputs: 2, hidden: 5, outputs: 1, random })
  const order = Int32Array.from({ length: 20 }, (_, i) => i)
  for (const batches of epochs) {
    random.shuffle(order)
    assert.deepEqual(batches.flat(), [...order])
    random.rand(20 * 5)
  }
})

test('without shuffle the rows come as they lie', async () => {
  const made = tiny({ epochs: 2, shuffle: false }, parts(surface(10, 1)))
  const read = watchSteps(made, surface(10, 1))
  await runTiny({ epochs: 2 }, made)
  assert.deepEqual(read, [
    [0, 1, 2, 3, 4, 5, 6, 7],
    [8, 9],
    [0, 1, 2, 3, 4, 5, 6, 7],
    [8, 9],
  ])
})

test('loss and metrics of an epoch are those of each batch before its step, and of the validation part after the last', async () => {
  const request = { epochs: 1, shuffle: false, metrics: ['mae'] as 'mae'[] }
  const [train, validation] = [surface(20, 1), surface(13, 2)]
  const { epochs } = await runTiny(request, tiny(request, parts(train, validation)))

  const random = new RandomState(0)
  const net = tinyNet({ inputs: 2, hidden: 5, outputs: 1, random })
  const seen = { squared: 0, absolute: 0 }
  const add = (outputs: Float32Array, targets: Float32Array) =>
    targets.forEach((target, i) => {
      const error = (outputs[i] as number) - target
      seen.squared += error * error
      seen.absolute += Math.abs(error)
    })
  for (const [from, to] of [
    [0, 8],
    [8, 16],
    [16, 20],
  ] as const) {
    const { features, targets } = rowsOf(train, from, to)
    net.step(
      features,
      to - from,
      (outputs, gradient) => {
        add(outputs, targets)
        for (let i = 0; i < gradient.length; i++)
          gradient[i] = (2 * ((outputs[i] as number) - (targets[i] as number))) / targets.length
      },
      0.01,
    )
  }
  const [loss, mae] = [seen.squared / 20, seen.absolute / 20]
  Object.assign(seen, { squared: 0, absolute: 0 })
  const { features, targets } = rowsOf(validation, 0, 13)
  add(net.predict(features, 13), targets)
  const expected = { loss, mae, val_loss: seen.squared / 13, val_mae: seen.absolute / 13 }
  assert.deepEqual(epochs, [{ epoch: 0, values: expected }])
})

test('it learns: a surface to a small error, and three classes to most of the points', async () => {
  const surfaceRequest = { epochs: 60, batchSize: 16, metrics: ['mae'] as 'mae'[] }
  const regression = await runTiny(surfaceRequest, tiny(surfaceRequest, parts(surface(200, 1), surface(50, 2))))
  assert.ok(Number(regression.epochs.at(-1)?.values.val_loss) < 0.2, String(regression.epochs.at(-1)?.values.val_loss))

  const request = {
    epochs: 40,
    batchSize: 16,
    loss: 'sparseCategoricalCrossentropy' as const,
    metrics: ['accuracy'] as 'accuracy'[],
    optimizer: { kind: 'sgd' as const, learningRate: 0.05, momentum: 0, nesterov: false },
  }
  const classes = await runTiny(request, tiny(request, parts(thirds(300, 1), null, thirds(100, 2))))
  assert.ok(Number(classes.end.report.metrics.test_accuracy) > 0.9, String(classes.end.report.metrics.test_accuracy))
})

test('the report holds the last values, the final evaluation, the last five epochs and the layers', async () => {
  const request = { epochs: 7 }
  const run = await runTiny(request, tiny(request, parts(surface(20, 1), surface(10, 2), surface(10, 3))))
  const report = TrainingReport.parse(run.end.report)
  const { test_loss, ...last } = report.metrics
  assert.deepEqual(last, run.epochs.at(-1)?.values)
  assert.ok(Number(test_loss) > 0)
  assert.deepEqual(
    report.history.map(({ epoch }) => epoch),
    [2, 3, 4, 5, 6],
  )
  assert.deepEqual(
    report.layers?.map(({ name, params }) => [name, params]),
    [
      ['dense', 15],
      ['dense_1', 6],
    ],
  )
  assert.deepEqual([report.best, report.stoppedEarlyAt, report.coefficients], [null, null, null])
})

test('the learning rate of each step is that of the schedule, counted over the epochs', async () => {
  const rates: number[] = []
  const request = {
    epochs: 2,
    optimizer: {
      kind: 'sgd' as const,
      learningRate: { kind: 'piecewiseConstantDecay' as const, boundaries: [1, 3], values: [0.1, 0.01, 0.001] },
      momentum: 0,
      nesterov: false,
    },
  }
  const { trainable, net } = tiny(request, parts(surface(20, 1)))
  const step = net.step
  net.step = (features, rows, head, learningRate) => {
    rates.push(learningRate)
    step(features, rows, head, learningRate)
  }
  await runTiny(request, { trainable, net })
  assert.deepEqual(rates, [0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
})

test('a batch whose loss is not a number ends the training, named with its epoch, and leaves no later checkpoint', async () => {
  const made = tiny({ epochs: 5 }, parts(surface(20, 1)))
  const { step } = made.net
  let steps = 0
  made.net.step = (features, rows, head, learningRate) => {
    if (++steps === 7) (made.net.weights['dense_1/bias'] as Float32Array)[0] = Number.NaN
    step(features, rows, head, learningRate)
  }
  const taken: (string | null)[] = []
  const run = await runTiny({ epochs: 5 }, made, {
    onLoop(loop) {
      const look = (): void => {
        const checkpoint = loop.checkpoint()
        taken.push(checkpoint && `${checkpoint.epochs} ${checkpoint.batches}`)
        if (taken.length < 200) void Promise.resolve().then(look)
      }
      look()
    },
  })
  assert.equal(run.end.kind, 'failed')
  const { error } = run.end as Extract<typeof run.end, { kind: 'failed' }>
  assert.equal(error.code, 'TRAIN_NAN_LOSS')
  assert.equal(error.message, 'The loss of epoch 3 of 5, batch 1 of 3, is NaN: no later batch can recover from that.')
  assert.equal(run.end.report.epochs, 2)
  assert.equal(run.epochs.length, 2)
  assert.equal(run.loop.checkpoint(), null)
  assert.ok(!taken.includes('2 1'), 'no checkpoint counts the batch that spoilt the weights')
})

test('weights that a step made infinite are in no checkpoint and in no completed training, even where no loss shows them', async () => {
  const request = { epochs: 2 }
  const { trainable, net } = tiny(request, parts(surface(20, 1)))
  const step = net.step
  let steps = 0
  const seen: (number | undefined)[] = []
  const run = await runTiny(
    request,
    { trainable, net },
    {
      onLoop(loop) {
        net.step = (features, rows, head, learningRate) => {
          seen.push(loop.checkpoint()?.batches)
          step(features, rows, head, learningRate)
          if (++steps === 2) (net.weights['dense/kernel'] as Float32Array)[0] = Number.POSITIVE_INFINITY
        }
      },
    },
  )
  assert.deepEqual(seen, [undefined, 1, undefined, undefined, undefined, undefined])
  assert.ok(run.epochs.every(({ values }) => Number.isFinite(values.loss)))
  assert.equal(run.end.kind, 'failed')
  assert.match(
    (run.end as Extract<typeof run.end, { kind: 'failed' }>).error.message,
    /^After 2 epochs a weight is infinite/,
  )
})

test('data that cannot be read any more end the training with what was trained, and a checkpoint of it', async () => {
  // Too large to be kept: it is read batch by batch.
  const width = 250_000
  const good = dataset({ shape: [width], features: new RandomState(1).rand(20 * width), targets: new Float32Array(20) })
  let reads = 0
  const data: Dataset = {
    ...good,
    read(indices, features, targets) {
      if (++reads === 5) throw new TrainerError('TRAIN_BAD_DATA', 'x.csv ends before row 9.')
      good.read(indices, features, targets)
    },
  }
  const request: Request = { epochs: 5, optimizer: { kind: 'sgd', learningRate: 1e-9, momentum: 0, nesterov: false } }
  const run = await runTiny(request, tiny(request, parts(data)))
  assert.deepEqual([run.end.kind, run.end.report.epochs], ['failed', 1])
  const taken = run.loop.checkpoint()
  assert.deepEqual([taken?.epochs, taken?.batches], [1, 1])
})

test('early stopping ends a training with the weights of its best epoch, as a bare training of that length has them', async () => {
  const request = {
    epochs: 200,
    optimizer: { kind: 'sgd' as const, learningRate: 0.08, momentum: 0, nesterov: false },
    earlyStopping: {
      monitor: 'val_loss',
      mode: 'auto' as const,
      patience: 5,
      minDelta: 0,
      baseline: null,
      restoreBestWeights: true,
      startFromEpoch: 0,
    },
  }
  const data = parts(surface(24, 1), surface(12, 2))
  const early = await runTiny(request, tiny(request, data))
  const { best, stoppedEarlyAt, epochs, weightsSha256 } = early.end.report
  assert.ok(best && stoppedEarlyAt !== null && stoppedEarlyAt < 199, 'it stopped early')
  assert.deepEqual([stoppedEarlyAt, epochs], [best.epoch + 5, stoppedEarlyAt + 1])
  assert.equal(best.value, Math.min(...early.epochs.map(({ values }) => values.val_loss as number)))
  const bare = { epochs: best.epoch + 1, optimizer: request.optimizer }
  assert.equal((await runTiny(bare, tiny(bare, data))).end.report.weightsSha256, weightsSha256)

  const kept = { ...bare, epochs: 200, bestWeights: { monitor: 'val_loss', mode: 'auto' as const } }
  const whole = (await runTiny(kept, tiny(kept, data))).end.report
  assert.deepEqual([whole.stoppedEarlyAt, whole.epochs], [null, 200])
  assert.ok(whole.best && whole.best.value <= best.value)
})

test('two trainings of one request are equal to the last bit, and another seed is not', async () => {
  const data = parts(surface(20, 1), surface(10, 2))
  const of = async (seed: number) => comparable(await runTiny({ seed }, tiny({ seed }, data)))
  assert.deepEqual(await of(0), await of(0))
  assert.notEqual((await of(0)).report.weightsSha256, (await of(1)).report.weightsSha256)
})

test('the memory of a training does not grow with its epochs', async () => {
  const request = { epochs: 10_000, batchSize: 4 }
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const used: number[] = []
  const { trainable } = tiny(request, parts(surface(8, 1), surface(4, 2)))
  const loop = createLoop(trainable, { backend: 'cpu', engine: 'autograd', skipped: [] }, null, {
    training: requestOf(request),
    signal: new AbortController().signal,
    onEpoch({ epoch }) {
      if (epoch % 1000 !== 999) return
      gc()
      used.push(process.memoryUsage().heapUsed)
    },
  })
  assert.equal((await loop.run()).kind, 'completed')
  // The least of some readings each: compiled code comes and goes. Had each epoch left 100 bytes behind, the five thousand between them at
  // least would have left half a megabyte.
  const grown = Math.min(...used.slice(-3)) - Math.min(...used.slice(0, 3))
  assert.ok(grown < 300_000, `${grown} bytes more after ${used}`)
})

test('targets of several numbers a row are all learned', async () => {
  const features = new RandomState(3).randn(60)
  const targets = Float64Array.from({ length: 60 }, (_, i) => (features[i] as number) * (i % 2 ? -1 : 1))
  const data = dataset({ shape: [2], features, targets, width: 2 })
  const request = { epochs: 40 }
  const run = await runTiny(request, tiny(request, parts(data)))
  assert.ok(Number(run.end.report.metrics.loss) < 0.1, String(run.end.report.metrics.loss))
})
