// How reports reach the queue: signed, one at a time, the same id when one is tried again, and never in the way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Report, SignedReport } from '@trotline/contracts'
import { openReport } from '@trotline/contracts/signature'
import { epochsText } from '../../../apps/worker/src/epoch-text.ts'
import { createOutbox } from '../../../apps/worker/src/outbox.ts'
import { createReporter, type ReportQueue } from '../../../apps/worker/src/reporter.ts'

const KEY = 'k'.repeat(43)
const written = (epoch: number) => {
  const raw = { epoch, seconds: 0.5, values: { loss: 1 } }
  return { epochs: [raw], text: epochsText([{ epoch: raw, at: Date.UTC(2026, 0, 2) }]) }
}
const never = new AbortController().signal

interface Added {
  id: string
  report: Report | null
}

function setUp(answer: (added: Added, tries: number) => Promise<void>, close: () => void = () => undefined) {
  const added: Added[] = []
  const said: string[] = []
  const queue: ReportQueue = {
    add(_kind, id, message: SignedReport) {
      added.push({ id, report: openReport(message, KEY) })
      return answer(added.at(-1) as Added, added.length)
    },
    close,
  }
  const reporter = createReporter({
    outbox: createOutbox('a00000000000', '1-0'),
    key: KEY,
    queue,
    say: line => void said.push(line),
    spacingMs: 1,
    retryMs: 1,
  })
  return { reporter, added, said }
}

test('every message is signed with the job’s key and has an id of job, run and number', async () => {
  const { reporter, added } = setUp(async () => undefined)
  reporter.epochs([written(0)])
  reporter.ended('completed')
  assert.deepEqual(await reporter.drain(60_000, never), { unsent: false })
  assert.deepEqual(
    added.map(({ id, report }) => [id, report?.kind]),
    [
      ['a00000000000-1-0-0', 'epochs'],
      ['a00000000000-1-0-1', 'ended'],
    ],
  )
  assert.equal(reporter.messages(), 2)
})

test('a refused message is tried again under its id, and that is said once', async () => {
  const { reporter, added, said } = setUp(async (_added, tries) => {
    if (tries < 4) throw new Error('NOPERM')
  })
  reporter.heartbeat(null)
  reporter.ended('failed')
  await reporter.drain(60_000, never)
  assert.deepEqual(
    added.map(({ id }) => id.at(-1)),
    ['0', '0', '0', '0', '1'],
  )
  assert.equal(said.length, 2)
  assert.match(said[0] ?? '', /NOPERM/)
  assert.match(said[1] ?? '', /takes messages again/)
})

test('while one message waits for its answer no other is sent, and epochs gather in the next', async () => {
  let let1: () => void = () => undefined
  const { reporter, added } = setUp((_added, tries) =>
    tries === 1
      ? new Promise(resolve => {
          let1 = resolve
        })
      : Promise.resolve(),
  )
  reporter.heartbeat(0)
  reporter.epochs([written(0)])
  reporter.epochs([written(1)])
  assert.equal(added.length, 1)
  let1()
  await reporter.drain(60_000, never)
  const epochs = added[1]?.report
  assert.equal(added.length, 2)
  assert.equal(epochs?.kind === 'epochs' && epochs.epochs.length, 2)
})

test('a queue that never answers keeps the worker no longer than the limit', async () => {
  const { reporter } = setUp(() => new Promise(() => undefined))
  reporter.ended('completed')
  assert.deepEqual(await reporter.drain(20, never), { unsent: true })
})

test('a signal ends the wait for the queue at once', async () => {
  const { reporter } = setUp(() => new Promise(() => undefined))
  reporter.ended('completed')
  assert.deepEqual(await reporter.drain(60_000, AbortSignal.abort('SIGTERM')), { unsent: true })
})

test('a message that closing the queue rejects is not told as refused by it', async () => {
  let fail: (why: Error) => void = () => undefined
  const { reporter, said } = setUp(
    () =>
      new Promise((_resolve, reject) => {
        fail = reject
      }),
    () => fail(new Error('Connection is closed.')),
  )
  reporter.ended('completed')
  assert.deepEqual(await reporter.drain(20, never), { unsent: true })
  await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(said, [])
})
