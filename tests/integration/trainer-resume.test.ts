// Stop and resume: however often and wherever a training is cut, it comes to the values and the weights of the uninterrupted one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Chosen } from '../../packages/trainer/src/backends.ts'
import { type Checkpoint, decodeCheckpoint, type Start } from '../../packages/trainer/src/index.ts'
import { createLoop, type Loop } from '../../packages/trainer/src/loop.ts'
import { prepareLine } from '../../packages/trainer/src/presets/linear-regression.ts'
import { RandomState } from '../../packages/trainer/src/random/random-state.ts'
import { makeAssets } from '../unit/trainer/assets.ts'
import { type Request, type Trained, train, trainingOf } from '../unit/trainer/training.ts'

const directory = await makeAssets()

const valuesOf = ({ epochs }: Trained) => epochs.map(({ epoch, values }) => ({ epoch, values }))
const reportOf = ({ outcome }: Trained) => {
  assert.ok(outcome.report, 'the training got as far as its first epoch')
  const { fitSeconds, ...report } = outcome.report
  return report
}

/** Through bytes, as it goes through the file. */
function checkpointOf({ start }: Trained): Checkpoint {
  const taken = (start as Start).checkpoint()
  assert.ok(taken, 'there is a checkpoint')
  const decoded = decodeCheckpoint(taken.bytes)
  assert.ok(!('refused' in decoded), 'a checkpoint that was just taken is read again')
  assert.equal(decoded.epochs, taken.epochs)
  return decoded
}

/** Aborted when it has been looked at so often: the training looks before every batch. */
function abortedAtLook(look: number): { signal: AbortSignal; onStart(): void } {
  const { signal } = new AbortController()
  // Looks while the data is opened do not count.
  let looks = Number.NEGATIVE_INFINITY
  return {
    onStart() {
      looks = 0
    },
    signal: new Proxy(signal, { get: (of, name) => (name === 'aborted' ? looks++ >= look : Reflect.get(of, name)) }),
  }
}

/** Cut after so many looks each, each time in a new training, and from the last cut to the end. */
async function trainInParts(request: Request, looks: readonly number[]): Promise<Trained[]> {
  const parts: Trained[] = []
  let resume: Checkpoint[] = []
  for (const look of [...looks, Number.POSITIVE_INFINITY]) {
    const part = await train(directory, request, { resume, ...abortedAtLook(look) })
    parts.push(part)
    assert.equal((part.start as Start).resumed, resume[0] ?? null)
    if (part.outcome.kind === 'completed') return parts
    assert.equal(part.outcome.kind, 'stopped')
    // A training that was cut before its first batch begins again.
    if ((part.start as Start).checkpoint()) resume = [checkpointOf(part)]
  }
  return parts
}

const REQUESTS: readonly Request[] = [
  { preset: 'linear-regression', epochs: 60 },
  { preset: 'auto-mpg', backend: 'simd', epochs: 30 },
  { preset: 'auto-mpg', backend: 'wasm', epochs: 5 },
  { preset: 'auto-mpg', backend: 'cpu', epochs: 4 },
]
const nameOf = ({ preset, backend = 'auto' }: Request) => `${preset} on ${backend}`

/** Exercise 2's data through a small net with everything in it that has a state. */
const model = (optimizer: string, backend: string): Request => ({
  kind: 'model',
  data: { format: 'auto-mpg' },
  split: {},
  validationSplit: 0.2,
  model: {
    layers: [
      { kind: 'dense', units: 8, activation: 'tanh' },
      { kind: 'dropout', rate: 0.25 },
      ...(backend === 'wasm' ? [{ kind: 'batchNormalization' }] : []),
      { kind: 'dense', units: 1 },
    ],
  },
  optimizer: {
    kind: optimizer,
    learningRate: { kind: 'cosineDecay', initialLearningRate: 0.003, decaySteps: 100 },
    ...(optimizer === 'sgd' ? { momentum: 0.5, nesterov: true } : {}),
  },
  loss: 'huber',
  metrics: ['mae'],
  epochs: backend === 'wasm' ? 3 : 8,
  batchSize: 60,
  backend,
  earlyStopping: { monitor: 'val_mae', patience: 3, restoreBestWeights: true },
})
const OPTIMIZERS = ['sgd', 'momentum', 'nesterov', 'rmsprop', 'adagrad', 'adam', 'adamw']

function comparable({ outcome, ...trained }: Trained) {
  return {
    values: valuesOf({ outcome, ...trained }),
    report: reportOf({ outcome, ...trained }),
    artifacts: outcome.kind === 'completed' ? outcome.artifacts : null,
  }
}

async function cutsComeToTheSame(
  request: Request,
  rounds: number,
  most: number,
  t: { diagnostic(text: string): void },
) {
  const whole = await train(directory, request)
  assert.equal(whole.outcome.kind, 'completed')
  const random = new RandomState(rounds)
  let cuts = 0
  for (let round = 0; round < rounds; round++) {
    const looks = Array.from({ length: 60 }, () => random.interval(most))
    const parts = await trainInParts(request, looks)
    cuts += parts.length - 1
    const { values, ...end } = comparable(parts.at(-1) as Trained)
    assert.deepEqual([...parts.slice(0, -1).flatMap(valuesOf), ...values], valuesOf(whole), `cuts ${looks}`)
    const { values: _, ...expected } = comparable(whole)
    assert.deepEqual(end, expected, `cuts ${looks}`)
  }
  t.diagnostic(`${cuts} cuts`)
  assert.ok(cuts >= 2 * rounds)
}

for (const request of REQUESTS)
  test(`${nameOf(request)} comes to the same values, weights and artifacts however often and at whatever batch it is cut`, t =>
    cutsComeToTheSame(request, 4, 'backend' in request && request.backend !== 'simd' ? 20 : 40, t))

for (const optimizer of OPTIMIZERS) {
  test(`${optimizer} with dropout and early stopping on simd: cut at any batches, it comes to the same`, t =>
    cutsComeToTheSame(model(optimizer, 'simd'), 8, 12, t))

  test(`${optimizer} with dropout and batch normalization on wasm: cut at any batches, it comes to the same`, t =>
    cutsComeToTheSame(model(optimizer, 'wasm'), 1, 10, t))
}

// The worker takes its checkpoints in a microtask, and an epoch that needs no rest ends within one turn of the event loop: a count
// that comes a microtask behind the state was seen to make a checkpoint of epoch 58 that held the weights of epoch 59.
for (const request of REQUESTS)
  test(`${nameOf(request)}: whenever a checkpoint is taken, it holds the state of the epochs and batches that it counts`, async () => {
    const { epochs } = trainingOf(request)
    const boundaries = new Map<number, Uint8Array>()
    const taken: { epochs: number; batches: number; bytes: Uint8Array }[] = []
    let take: Start['checkpoint'] = () => null
    await train(directory, request, {
      onStart(start) {
        take = start.checkpoint
      },
      onEpoch() {
        const now = take()
        assert.ok(now)
        boundaries.set(now.epochs, now.bytes)
        let turn = Promise.resolve()
        for (let depth = 0; depth < 6; depth++)
          turn = turn.then(() => {
            const later = take()
            if (later) taken.push(later)
          })
      },
    })
    assert.ok(taken.length > 5 * (epochs - 1), 'they were taken while it trained')
    for (const { epochs, batches, bytes } of taken)
      if (batches === 0) assert.deepEqual(bytes, boundaries.get(epochs), `counts ${epochs}`)
  })

test('a checkpoint that counts all epochs is evaluated and the training completed, without another epoch', async () => {
  for (const request of REQUESTS) {
    const whole = await train(directory, request)
    const again = await train(directory, request, { resume: [checkpointOf(whole)] })
    assert.deepEqual([again.outcome.kind, again.epochs.length], ['completed', 0])
    assert.deepEqual(reportOf(again), reportOf(whole))
  }
})

test('there is no checkpoint before the first batch', async () => {
  const { start } = await train(directory, { preset: 'auto-mpg' }, abortedAtLook(0))
  assert.equal((start as Start).checkpoint(), null)
})

test('there is no checkpoint of an epoch that no later one recovers from', async () => {
  const training = trainingOf({ preset: 'linear-regression', epochs: 5000 }) as Parameters<typeof prepareLine>[0]
  const chosen: Chosen = { backend: 'cpu', engine: 'float64', skipped: [] }
  const taken: (number | undefined)[] = []
  const loop: Loop = createLoop(prepareLine(training, 10), chosen, null, {
    training: trainingOf({ preset: 'linear-regression', epochs: 5000 }),
    signal: new AbortController().signal,
    onEpoch: () => taken.push(loop.checkpoint()?.epochs),
  })
  assert.equal((await loop.run()).kind, 'failed')
  assert.deepEqual(
    taken.slice(0, -1),
    Array.from({ length: taken.length - 1 }, (_, i) => i + 1),
  )
  assert.equal(taken.at(-1), undefined)
  assert.equal(loop.checkpoint(), null)
})

test('a training takes the first checkpoint that fits and says of those before it why they do not', async () => {
  const request = { preset: 'auto-mpg', backend: 'simd', epochs: 3 }
  const of = async (other: Partial<Request>): Promise<Checkpoint> => {
    const stop = new AbortController()
    const options = { signal: stop.signal, onEpoch: () => stop.abort() }
    return checkpointOf(await train(directory, { ...request, ...other } as Request, options))
  }
  const right = await of({})
  const misfits: [Checkpoint, RegExp][] = [
    [await of({ seed: 1 }), /another training request/],
    [await of({ epochs: 4 }), /another training request/],
    [await of({ preset: 'linear-regression', backend: 'auto' }), /another training request/],
    [{ ...right, engine: 'autograd', backend: 'cpu' }, /engine autograd on backend cpu, and this run has simd on simd/],
    [{ ...right, epochs: 4 }, /counts 4 epochs of 3/],
    [{ ...right, epochs: 3, batches: 1 }, /counts more than 3 epochs of 3/],
    [{ ...right, state: { ...right.state, rest: {} } }, /another model/],
    [{ ...right, state: { ...right.state, random: null } }, /another model/],
  ]
  const whole = await train(directory, request)
  const resumed = await train(directory, request, {
    resume: [...misfits.map(([checkpoint]) => checkpoint), right, right],
  })
  const { refused } = resumed.start as Start
  assert.deepEqual(
    refused.map(({ checkpoint }) => checkpoint),
    misfits.map(([checkpoint]) => checkpoint),
  )
  refused.forEach(({ why }, i) => {
    assert.match(why, misfits[i]?.[1] as RegExp)
  })
  assert.equal((resumed.start as Start).resumed, right)
  assert.deepEqual(reportOf(resumed), reportOf(whole))

  const fresh = await train(directory, request, { resume: misfits.map(([checkpoint]) => checkpoint) })
  assert.equal((fresh.start as Start).resumed, null)
  assert.deepEqual([valuesOf(fresh), reportOf(fresh)], [valuesOf(whole), reportOf(whole)])
})

test('weights of another seed have another sha256', async () => {
  const of = async (seed: number) =>
    (await train(directory, { preset: 'auto-mpg', seed })).outcome.report?.weightsSha256
  assert.match(String(await of(0)), /^[0-9a-f]{64}$/)
  assert.notEqual(await of(0), await of(1))
})
