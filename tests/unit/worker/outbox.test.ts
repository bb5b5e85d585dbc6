// What waits to be reported: order, numbering, and the bounds of batches and backlog.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_EPOCHS_PER_REPORT, Report } from '@trotline/contracts'
import { epochsText, type WrittenEpochs } from '../../../apps/worker/src/epoch-text.ts'
import { createOutbox, type Message } from '../../../apps/worker/src/outbox.ts'

const JOB = 'a00000000000'
/** Epochs [from, to) in chunks, each chunk's text filled up to a length. */
const written = (from: number, to: number, chunk = 1, length = 0): WrittenEpochs[] => {
  const all = Array.from({ length: to - from }, (_, index) => ({
    epoch: from + index,
    seconds: 0.5,
    values: { loss: 1 },
  }))
  return Array.from({ length: Math.ceil(all.length / chunk) }, (_, i) => {
    const epochs = all.slice(i * chunk, (i + 1) * chunk)
    return { epochs, text: epochsText(epochs.map(epoch => ({ epoch, at: Date.UTC(2026, 0, 2) }))).padEnd(length) }
  })
}
const opened = (message: Message | null): Report => Report.parse(JSON.parse(message?.body ?? 'null'))
const FACTS = { slurmJobId: '7', node: 'n1', runtime: 'v20.20.2', backend: 'wasm', resumed: null }

test('messages come in the order started, epochs, heartbeat, ended, numbered from 0, and fit the contract', () => {
  const outbox = createOutbox(JOB, '1-0')
  outbox.ended('completed')
  outbox.heartbeat(4)
  outbox.epochs(written(0, 5))
  outbox.started(FACTS)
  const messages = [outbox.next(), outbox.next(), outbox.next(), outbox.next()].map(opened)
  assert.deepEqual(
    messages.map(({ kind, seq }) => [kind, seq]),
    [
      ['started', 0],
      ['epochs', 1],
      ['heartbeat', 2],
      ['ended', 3],
    ],
  )
  assert.equal(outbox.waiting(), false)
  assert.equal(outbox.next(), null)
})

test('epochs beyond one message go into the next', () => {
  const outbox = createOutbox(JOB, '1-0')
  outbox.epochs(written(0, MAX_EPOCHS_PER_REPORT + 1))
  const counts = [outbox.next(), outbox.next()]
    .map(opened)
    .map(message => message.kind === 'epochs' && message.epochs.length)
  assert.deepEqual(counts, [MAX_EPOCHS_PER_REPORT, 1])
})

test('a message takes whole chunks, as many as it has room for', () => {
  const outbox = createOutbox(JOB, '1-0')
  outbox.epochs(written(0, 1500, 400))
  const counts = [outbox.next(), outbox.next()]
    .map(opened)
    .map(message => message.kind === 'epochs' && message.epochs.length)
  assert.deepEqual(counts, [800, 700])
})

test('long lines make smaller messages, so that none passes the size that is refused', () => {
  const outbox = createOutbox(JOB, '1-0')
  outbox.epochs(written(0, 10, 1, 400_000))
  const first = opened(outbox.next())
  assert.equal(first.kind === 'epochs' && first.epochs.length, 2)
})

test('heartbeats that wait become one, the latest', () => {
  const outbox = createOutbox(JOB, '1-0')
  outbox.heartbeat(1)
  outbox.heartbeat(2)
  const only = opened(outbox.next())
  assert.equal(only.kind === 'heartbeat' && only.epoch, 2)
  assert.equal(outbox.waiting(), false)
})

test('a full backlog forgets its oldest epochs and says how many', () => {
  const outbox = createOutbox(JOB, '1-0', 100)
  assert.equal(outbox.epochs(written(0, 90)), 0)
  assert.equal(outbox.epochs(written(90, 130)), 30)
  const message = opened(outbox.next())
  assert.equal(message.kind === 'epochs' && message.epochs[0]?.epoch, 30)
  assert.equal(message.kind === 'epochs' && message.epochs.at(-1)?.epoch, 129)
})
