// Cut between any two batches and gone on from the checkpoint: the values, the weights and the artifacts of the uninterrupted training.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import { parts, surface, thirds } from './made-up-data.ts'
import { comparable, type Request, type Run, runTiny, stopAfter, through, tiny } from './tiny-training.ts'

const regression = parts(surface(20, 1), surface(13, 2), surface(9, 3))
const classes = parts(thirds(20, 1), thirds(13, 2), thirds(9, 3))

const CASES: [string, Request, typeof regression, { dropout?: number }][] = [
  ['a plain training', { epochs: 4, metrics: ['mae', 'rmse'] }, regression, {}],
  ['dropout', { epochs: 4 }, regression, { dropout: 0.5 }],
  ['rows in their own order, without validation', { epochs: 4, shuffle: false }, parts(surface(20, 1)), {}],
  [
    'a schedule',
    {
      epochs: 4,
      optimizer: {
        kind: 'sgd',
        learningRate: {
          kind: 'exponentialDecay',
          initialLearningRate: 0.05,
          decaySteps: 1,
          decayRate: 0.9,
          staircase: false,
        },
        momentum: 0,
        nesterov: false,
      },
    },
    regression,
    {},
  ],
  [
    'early stopping with the best weights',
    {
      epochs: 30,
      optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0, nesterov: false },
      earlyStopping: {
        monitor: 'val_loss',
        mode: 'auto',
        patience: 2,
        minDelta: 0,
        baseline: null,
        restoreBestWeights: true,
        startFromEpoch: 0,
      },
    },
    regression,
    {},
  ],
  [
    'classes with weights, accuracy and the best weights',
    {
      epochs: 4,
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
      classWeights: { 0: 2, 2: 0.5 },
      bestWeights: { monitor: 'val_accuracy', mode: 'auto' },
    },
    classes,
    { dropout: 0.2 },
  ],
]

for (const [name, request, data, options] of CASES) {
  const whole = await runTiny(request, tiny(request, data, options))

  async function inParts(cuts: readonly number[]): Promise<Run[]> {
    const runs: Run[] = []
    for (const cut of [...cuts, Number.POSITIVE_INFINITY]) {
      const made = tiny(request, data, options)
      const resume = runs.length === 0 ? null : runs.at(-1)?.loop.checkpoint()
      const { trainable, signal } = stopAfter(made.trainable, cut)
      // A checkpoint of nothing is none: the training begins again.
      runs.push(await runTiny(request, { ...made, trainable }, { signal, resume: resume ? through(resume) : null }))
      if (runs.at(-1)?.end.kind !== 'stopped') return runs
    }
    return runs
  }

  const compare = (runs: Run[], what: string): void => {
    assert.deepEqual(
      runs.flatMap(({ epochs }) => epochs),
      whole.epochs,
      what,
    )
    assert.deepEqual(comparable(runs.at(-1) as Run), comparable(whole), what)
  }

  test(`${name}: cut after any one batch, and within validation`, async () => {
    // A rest comes before each of an epoch's three batches, and before its validation part, which is one chunk.
    const rests = data.validation ? 4 : 3
    for (let cut = 0; cut < rests * whole.epochs.length; cut++) {
      const runs = await inParts([cut])
      assert.equal(runs.length, 2, `rest ${cut} cuts it`)
      compare(runs, `cut at rest ${cut}`)
    }
  })

  test(`${name}: cut again and again, after some batches each time`, async () => {
    const random = new RandomState(5)
    for (let round = 0; round < 10; round++) {
      const cuts = Array.from({ length: 40 }, () => random.interval(6))
      const runs = await inParts(cuts)
      assert.ok(runs.length > 2)
      compare(runs, `cuts ${cuts}`)
    }
  })

  test(`${name}: whenever a checkpoint is taken, it is the one of the batches that it counts`, async () => {
    const of = new Map<string, Uint8Array>()
    let taken = 0
    const made = tiny(request, data, options)
    await runTiny(request, made, {
      onLoop(loop) {
        const look = (): void => {
          const checkpoint = loop.checkpoint()
          if (checkpoint === null) return
          const key = `${checkpoint.epochs} ${checkpoint.batches}`
          const known = of.get(key)
          // The final evaluation puts the best weights in the place of the last: another state, which comes to the same below.
          if (known && !made.trainable.finished()) assert.deepEqual(checkpoint.bytes, known, key)
          of.set(key, checkpoint.bytes)
          taken++
        }
        // The training rests before every batch, and each rest leaves a queue of microtasks behind that look while it goes on.
        const rest = async (): Promise<void> => {
          let turn = Promise.resolve()
          for (let depth = 0; depth < 6; depth++) turn = turn.then(look)
          await null
        }
        const { trainEpoch } = made.trainable
        made.trainable.trainEpoch = (_, watch) => trainEpoch({ stopped: false, due: () => true, rest }, watch)
      },
    })
    assert.ok(taken > of.size, `${taken} checkpoints of ${of.size} states`)
    // From each of them the training comes to the same.
    for (const [key, bytes] of of) {
      const [epochs, batches] = key.split(' ').map(Number) as [number, number]
      const resume = through({ epochs, batches, bytes })
      const run = await runTiny(request, tiny(request, data, options), { resume })
      assert.deepEqual(comparable(run), comparable(whole), key)
    }
  })
}

test('a training that was stopped in its final evaluation is evaluated by the next run, without another batch', async () => {
  const request: Request = { epochs: 2, bestWeights: { monitor: 'val_loss', mode: 'auto' } }
  const whole = await runTiny(request, tiny(request, regression))
  const made = tiny(request, regression)
  const cut = await runTiny(request, {
    ...made,
    trainable: { ...made.trainable, evaluate: pace => made.trainable.evaluate({ ...pace, stopped: true }) },
  })
  assert.deepEqual([cut.end.kind, cut.end.report.epochs], ['stopped', 2])
  const again = await runTiny(request, tiny(request, regression), { resume: through(cut.loop.checkpoint()) })
  assert.equal(again.epochs.length, 0)
  assert.deepEqual(comparable(again), comparable(whole))
})
