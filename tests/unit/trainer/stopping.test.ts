// Stopping, and the event loop's turns: a signal, a timer and a report get through while a node trains.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeAssets } from './assets.ts'
import { train } from './training.ts'

const TRAININGS = [
  { preset: 'linear-regression', backend: 'auto', epochs: 100_000 },
  { preset: 'auto-mpg', backend: 'simd', epochs: 100_000 },
  { preset: 'auto-mpg', backend: 'wasm', epochs: 100_000 },
  { preset: 'auto-mpg', backend: 'cpu', epochs: 100_000 },
] as const

for (const training of TRAININGS)
  test(`a timer that aborts stops ${training.preset} on ${training.backend} long before its last epoch`, async () => {
    const directory = await makeAssets()
    const stop = new AbortController()
    const { outcome, epochs } = await train(directory, training, {
      signal: stop.signal,
      // Ten turns of the timers after the first epoch: that the timers have turns at all is what is tested.
      onEpoch: ({ epoch }) => epoch === 0 && abortAfterTurns(stop, 10),
    })
    assert.equal(outcome.kind, 'stopped')
    assert.ok(epochs.length > 0 && epochs.length < training.epochs)
    assert.equal(outcome.report?.epochs, epochs.length)
    assert.deepEqual(outcome.report?.metrics, epochs.at(-1)?.values)
  })

function abortAfterTurns(stop: AbortController, turns: number): void {
  if (turns === 0) stop.abort()
  else setTimeout(() => abortAfterTurns(stop, turns - 1), 1)
}

test('a training that is aborted before its data is open is stopped without a report', async () => {
  const { outcome, epochs, backends } = await train(
    await makeAssets(),
    { preset: 'auto-mpg' },
    { signal: AbortSignal.abort() },
  )
  assert.deepEqual([outcome, epochs, backends], [{ kind: 'stopped', report: null }, [], []])
})

test('one that is aborted before its first batch is stopped with no epoch, after it has said which backend it had', async () => {
  const stop = new AbortController()
  const { outcome, epochs, backends } = await train(
    await makeAssets(),
    { preset: 'auto-mpg' },
    { signal: stop.signal, onStart: () => stop.abort() },
  )
  assert.deepEqual([outcome.kind, outcome.report?.epochs, epochs.length, backends.length], ['stopped', 0, 0, 1])
  assert.deepEqual(outcome.report?.metrics, {})
})

test('an abort that comes with the last epoch finds the training completed', async () => {
  const stop = new AbortController()
  const { outcome } = await train(
    await makeAssets(),
    { preset: 'linear-regression', epochs: 3 },
    { signal: stop.signal, onEpoch: ({ epoch }) => epoch === 2 && stop.abort() },
  )
  assert.equal(outcome.kind, 'completed')
})

test('a training that was stopped leaves the next one with the same seed as it would have been', async () => {
  const directory = await makeAssets()
  const training = { preset: 'auto-mpg', epochs: 3 } as const
  const undisturbed = await train(directory, training)
  const stop = new AbortController()
  await train(directory, training, { signal: stop.signal, onEpoch: () => stop.abort() })
  const after = await train(directory, training)
  assert.deepEqual(
    after.epochs.map(({ values }) => values),
    undisturbed.epochs.map(({ values }) => values),
  )
})
