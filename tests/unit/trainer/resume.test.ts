// Stop and resume: however often and wherever a training is cut, it comes to the values and the weights of the uninterrupted one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PresetTraining } from '../../../packages/contracts/src/training.ts'
import { openCpu } from '../../../packages/trainer/src/backends/cpu.ts'
import type { Chosen } from '../../../packages/trainer/src/backends.ts'
import { type Checkpoint, decodeCheckpoint, type Start } from '../../../packages/trainer/src/index.ts'
import { createLoop, type Loop } from '../../../packages/trainer/src/loop.ts'
import { autoMpg } from '../../../packages/trainer/src/presets/auto-mpg.ts'
import { prepareLine } from '../../../packages/trainer/src/presets/linear-regression.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import type { TrainingState } from '../../../packages/trainer/src/state.ts'
import type { EpochValues } from '../../../packages/trainer/src/trainable.ts'
import { makeAssets } from './assets.ts'
import { type Trained, train } from './training.ts'

const directory = await makeAssets()

type Request = Pick<PresetTraining, 'preset' | 'backend' | 'epochs'>

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

/** Trains up to each cut in turn, each time in a new training that is stopped there, and from the last cut to the end. */
async function trainInParts(request: Request, cuts: readonly number[]): Promise<Trained[]> {
  const parts: Trained[] = []
  let resume: Checkpoint[] = []
  for (const cut of [...cuts, request.epochs]) {
    const stop = new AbortController()
    const part = await train(directory, request, {
      resume,
      signal: stop.signal,
      onEpoch: ({ epoch }) => epoch + 1 === cut && stop.abort(),
    })
    parts.push(part)
    assert.equal((part.start as Start).resumed, resume[0] ?? null)
    if (cut < request.epochs) {
      assert.equal(part.outcome.kind, 'stopped')
      resume = [checkpointOf(part)]
    }
  }
  return parts
}

const REQUESTS: readonly Request[] = [
  { preset: 'linear-regression', backend: 'auto', epochs: 60 },
  { preset: 'auto-mpg', backend: 'wasm', epochs: 12 },
  { preset: 'auto-mpg', backend: 'cpu', epochs: 8 },
]

for (const request of REQUESTS) {
  const name = `${request.preset} on ${request.backend}`

  test(`${name} comes to the same values and weights when it is cut after any one epoch`, async () => {
    const whole = await train(directory, request)
    for (let cut = 1; cut < request.epochs; cut++) {
      const parts = await trainInParts(request, [cut])
      assert.deepEqual(parts.flatMap(valuesOf), valuesOf(whole), `cut after ${cut}`)
      assert.deepEqual(reportOf(parts.at(-1) as Trained), reportOf(whole), `cut after ${cut}`)
    }
  })

  test(`${name} comes to the same values and weights when it is cut six times in a row`, async () => {
    const whole = await train(directory, request)
    for (let seed = 0; seed < 3; seed++) {
      const cuts = new RandomState(seed)
        .permutation(request.epochs - 1)
        .slice(0, 6)
        .sort()
      const parts = await trainInParts(
        request,
        Array.from(cuts, cut => cut + 1),
      )
      assert.equal(parts.length, 7)
      assert.deepEqual(parts.flatMap(valuesOf), valuesOf(whole), `cuts ${cuts}`)
      assert.deepEqual(reportOf(parts.at(-1) as Trained), reportOf(whole), `cuts ${cuts}`)
    }
  })
}

test('in the middle of an epoch, and after a stop there, the state is that of the last epoch’s end', async () => {
  await openCpu()
  const training = { kind: 'preset', preset: 'auto-mpg', backend: 'cpu', epochs: 3, seed: 0 } as const
  const prepare = () => autoMpg.prepare({ training, assets: { directory } })
  const undisturbed = { stopped: false, due: () => false, rest: async () => {} }

  const trainable = await prepare()
  await trainable.trainEpoch(undisturbed, () => undefined)
  const boundary = trainable.state()
  let batches = 0
  const midway: TrainingState[] = []
  const stopped = await trainable.trainEpoch(
    {
      get stopped() {
        return batches === 4
      },
      due: () => true,
      async rest() {
        batches++
        midway.push(trainable.state())
      },
    },
    () => assert.fail('an epoch that was stopped is no epoch'),
  )
  assert.deepEqual([stopped, midway.length], [false, 4])
  for (const state of [...midway, trainable.state()]) assert.deepEqual(state, boundary)

  const resumed = await prepare()
  resumed.restore(trainable.state())
  const whole = await prepare()
  const values: EpochValues[] = []
  await whole.trainEpoch(undisturbed, () => undefined)
  for (const each of [resumed, whole]) await each.trainEpoch(undisturbed, told => values.push(told))
  assert.equal(values.length, 2)
  assert.deepEqual(values[0], values[1])
  assert.deepEqual(resumed.state(), whole.state())
  assert.notDeepEqual(resumed.state().weights, boundary.weights)
})

// The worker takes its checkpoints in a microtask, and an epoch that needs no rest ends within one turn of the event loop: a count
// that comes a microtask behind the state was seen to make a checkpoint of epoch 58 that held the weights of epoch 59.
for (const request of REQUESTS)
  test(`${request.preset} on ${request.backend}: whenever a checkpoint is taken, it holds the state of the epochs that it counts`, async () => {
    const boundaries = new Map<number, Uint8Array>()
    const taken: { epochs: number; bytes: Uint8Array }[] = []
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
    assert.ok(taken.length > 5 * (request.epochs - 1), 'they were taken while it trained')
    for (const { epochs, bytes } of taken) assert.deepEqual(bytes, boundaries.get(epochs), `counts ${epochs}`)
  })

test('a checkpoint that counts all epochs is evaluated and the training completed, without another epoch', async () => {
  for (const request of REQUESTS) {
    const whole = await train(directory, request)
    const again = await train(directory, request, { resume: [checkpointOf(whole)] })
    assert.deepEqual([again.outcome.kind, again.epochs.length], ['completed', 0])
    assert.deepEqual(reportOf(again), reportOf(whole))
  }
})

test('there is no checkpoint before the first epoch', async () => {
  const { start } = await train(directory, { preset: 'auto-mpg' }, { signal: AbortSignal.abort() })
  assert.equal((start as Start).checkpoint(), null)
})

test('there is no checkpoint of an epoch that no later one recovers from', async () => {
  const training = { kind: 'preset', preset: 'linear-regression', backend: 'cpu', epochs: 5000, seed: 0 } as const
  const chosen: Chosen = { backend: 'cpu', engine: 'float64', skipped: [] }
  const taken: (number | undefined)[] = []
  const loop: Loop = createLoop(prepareLine(0, 10), chosen, null, {
    training,
    signal: new AbortController().signal,
    onEpoch: () => taken.push(loop.checkpoint()?.epochs),
  })
  assert.equal((await loop.run()).kind, 'diverged')
  assert.deepEqual(
    taken.slice(0, -1),
    Array.from({ length: taken.length - 1 }, (_, i) => i + 1),
  )
  assert.equal(taken.at(-1), undefined)
  assert.equal(loop.checkpoint(), null)
})

test('a training takes the first checkpoint that fits and says of those before it why they do not', async () => {
  const request = { preset: 'auto-mpg', backend: 'wasm', epochs: 3 } as const
  const of = async (other: Partial<PresetTraining>): Promise<Checkpoint> => {
    const stop = new AbortController()
    const options = { signal: stop.signal, onEpoch: () => stop.abort() }
    return checkpointOf(await train(directory, { ...request, ...other }, options))
  }
  const right = await of({})
  const misfits: [Checkpoint, RegExp][] = [
    [await of({ seed: 1 }), /another training request/],
    [await of({ epochs: 4 }), /another training request/],
    [await of({ preset: 'linear-regression', backend: 'auto' }), /another training request/],
    [{ ...right, backend: 'cpu' }, /engine autograd on backend cpu, and this run has autograd on wasm/],
    [{ ...right, epochs: 4 }, /counts 4 epochs of 3/],
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
