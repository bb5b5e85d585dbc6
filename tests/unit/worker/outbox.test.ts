// What waits to be reported: order, numbering, and the bounds of batches and backlog.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_EPOCHS_PER_REPORT, Report } from '@trotline/contracts'
import type { WrittenLine } from '../../../apps/worker/src/epoch-file.ts'
import { createOutbox } from '../../../apps/worker/src/outbox.ts'

const JOB = 'a00000000000'
const lines = (from: number, to: number, length = 200): WrittenLine[] =>
  Array.from({ length: to - from }, (_, index) => ({
    line: { epoch: from + index, at: '2026-01-02T03:04:05.678Z', seconds: 0.5, values: { loss: 1 } },
    length,
  }))
const FACTS = { slurmJobId: '7', node: 'n1', runtime: 'v20.20.2', backend: 'wasm', resumed: null }

test('messages come in the order started, epochs, heartbeat, ended, numbered from 0, and fit the contract', () => {
  const outbox = createOutbox(JOB, '1-0')
  outbox.ended('completed')
  outbox.heartbeat(4)
  outbox.epochs(lines(0, 5))
  outbox.started(FACTS)
  const messages = [outbox.next(), outbox.next(), outbox.next(), outbox.next()].map(message => Report.parse(message))
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
  outbox.epochs(lines(0, MAX_EPOCHS_PER_REPORT + 1))
  const counts = [outbox.next(), outbox.next()].map(message => message?.kind === 'epochs' && message.epochs.length)
  assert.deepEqual(counts, [MAX_EPOCHS_PER_REPORT, 1])
})

test('long lines make smaller messages, so that none passes the size that is refused', () => {
  const outbox = createOutbox(JOB, '1-0')
  outbox.epochs(lines(0, 10, 400_000))
  const first = outbox.next()
  assert.equal(first?.kind === 'epochs' && first.epochs.length, 2)
})

test('heartbeats that wait become one, the latest', () => {
  const outbox = createOutbox(JOB, '1-0')
  outbox.heartbeat(1)
  outbox.heartbeat(2)
  const only = outbox.next()
  assert.equal(only?.kind === 'heartbeat' && only.epoch, 2)
  assert.equal(outbox.waiting(), false)
})

test('a full backlog forgets its oldest epochs and says how many', () => {
  const outbox = createOutbox(JOB, '1-0', 100)
  assert.equal(outbox.epochs(lines(0, 90)), 0)
  assert.equal(outbox.epochs(lines(90, 130)), 30)
  const message = outbox.next()
  assert.equal(message?.kind === 'epochs' && message.epochs[0]?.epoch, 30)
  assert.equal(message?.kind === 'epochs' && message.epochs.at(-1)?.epoch, 129)
})
