// The training thread's side of reporting, with a report thread that does what the test says.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRingReader } from '../../../apps/worker/src/epoch-ring.ts'
import type {
  Handed,
  ReportOrder,
  ReportThreadListeners,
  Standing,
  Told,
} from '../../../apps/worker/src/report-handover.ts'
import { openReporting } from '../../../apps/worker/src/reporting.ts'
import { createStopwatch } from '../../../apps/worker/src/stopwatch.ts'

const STANDING: Standing = { problem: null, messages: 3, unsent: false }
const epoch = (number: number) => ({ epoch: number, seconds: 0.001, values: { loss: 1 / (number + 1) } })
/** Numbers that an epoch takes in the ring. */
const WIDTH = 5

function setUp() {
  const handed: Handed[] = []
  const said: string[] = []
  const stopwatch = createStopwatch()
  const opened: { order: ReportOrder; listeners: ReportThreadListeners }[] = []
  let stopped = false
  const reporting = openReporting(
    { jobId: 'a00000000000', run: '1-0', epochs: 10, file: -1, access: null },
    {
      stopwatch,
      out: line => void said.push(`out ${line}`),
      err: line => void said.push(`err ${line}`),
      openThread(order, listeners) {
        opened.push({ order, listeners })
        return {
          post: one => void handed.push(one),
          stop() {
            stopped = true
          },
        }
      },
    },
  )
  const [thread] = opened
  assert.ok(thread)
  const { order, listeners } = thread
  const reader = createRingReader(order.ring)
  const tell = (told: Told): void => listeners.onTold(told)
  const kinds = () => handed.map(({ kind }) => kind)
  const questions = () => handed.flatMap(one => ('id' in one ? [one] : []))
  /** As the report thread does it. */
  const read = (): number[] => {
    const epochs: number[] = []
    const look = () => void epochs.push(...reader.read().map(one => one.epoch.epoch))
    for (const one of handed.splice(0)) {
      if (one.kind === 'names') reader.names(one.names)
      if (one.kind !== 'late') continue
      look()
      epochs.push(...one.ended.map(({ epoch }) => epoch.epoch))
      reader.detourTaken()
    }
    look()
    return epochs
  }
  const capacity = Math.floor(order.ring.numbers.length / WIDTH)
  return {
    reporting,
    handed,
    said,
    stopwatch,
    listeners,
    capacity,
    kinds,
    questions,
    tell,
    read,
    wasStopped: () => stopped,
  }
}

test('epochs go into the ring without a message, but for their names and where the ring is half full', () => {
  const { reporting, kinds, capacity, read } = setUp()
  const half = Math.ceil(capacity / 2)
  for (let i = 0; i < half - 1; i++) reporting.epoch(epoch(i))
  assert.deepEqual(kinds(), ['names'])
  for (let i = half - 1; i < half + 10; i++) reporting.epoch(epoch(i))
  assert.deepEqual(kinds(), ['names', 'look'])
  assert.deepEqual(
    read(),
    Array.from({ length: half + 10 }, (_, i) => i),
  )
  reporting.epoch(epoch(0))
  assert.deepEqual(kinds(), [])
})

test('where the ring is full an epoch waits, at most 40 ms, which is time of reporting, and nothing is lost', async () => {
  const { reporting, capacity, stopwatch, read, handed, kinds } = setUp()
  for (let i = 0; i < capacity; i++) reporting.epoch(epoch(i))
  const before = stopwatch.seconds()
  reporting.epoch(epoch(capacity))
  const waited = stopwatch.seconds() - before
  assert.ok(waited >= 0.039 && waited < 0.5, `waited ${waited} s`)

  const all = read()
  reporting.epoch(epoch(capacity + 1))
  all.push(...read())
  assert.deepEqual(
    all,
    Array.from({ length: capacity + 2 }, (_, i) => i),
  )

  for (let i = 0; i < capacity + 1; i++) reporting.epoch(epoch(i))
  void reporting.onDisk()
  const late = handed.find(one => one.kind === 'late')
  assert.deepEqual(late?.kind === 'late' && late.ended.map(one => one.epoch.epoch), [capacity])
  assert.deepEqual(kinds().at(-1), 'sync')
  assert.equal(read().length, capacity + 1)
})

test('while a question about late epochs is under way no newer one overtakes them in the ring', () => {
  const { reporting, capacity, read, handed, questions, tell } = setUp()
  const count = capacity + 5
  for (let i = 0; i < capacity + 1; i++) reporting.epoch(epoch(i))
  // Seen by the report thread in the middle of a stalled write: what it has read, it writes after the stall.
  const all: number[] = []
  void reporting.onDisk()
  const before = handed.splice(0)
  handed.push(...before.filter(({ kind }) => kind === 'names'))
  all.push(...read())
  handed.push(...before.filter(({ kind }) => kind !== 'names'))
  for (let i = capacity + 1; i < capacity + 3; i++) reporting.epoch(epoch(i))
  void reporting.onDisk()
  const ids = questions().map(({ id }) => id)
  reporting.epoch(epoch(capacity + 3))
  all.push(...read())
  for (const id of ids) tell({ kind: 'answer', id, ...STANDING })
  reporting.epoch(epoch(capacity + 4))
  all.push(...read())
  assert.deepEqual(
    all,
    Array.from({ length: count }, (_, i) => i),
  )
})

test('a question has its own answer', async () => {
  const { reporting, kinds, questions, tell } = setUp()
  reporting.epoch(epoch(0))
  const first = reporting.onDisk()
  reporting.epoch(epoch(1))
  const second = reporting.close()
  assert.deepEqual(kinds(), ['names', 'sync', 'close'])
  const [one, two] = questions()
  tell({ kind: 'answer', id: two?.id ?? -1, ...STANDING, problem: 'ENOSPC' })
  tell({ kind: 'answer', id: one?.id ?? -1, ...STANDING })
  assert.equal(await first, null)
  assert.equal((await second).problem, 'ENOSPC')
  assert.equal((await second).messages, 3)
})

test('what the thread has to say goes where it belongs', () => {
  const { tell, said } = setUp()
  tell({ kind: 'out', text: 'epoch 1/10\nepoch 2/10' })
  tell({ kind: 'err', text: 'no connection' })
  assert.deepEqual(said, ['out epoch 1/10\nepoch 2/10', 'err no connection'])
})

test('a wait for the queue is cut short by its signal, one that was aborted before too', async () => {
  for (const early of [true, false]) {
    const { reporting, handed, questions, tell } = setUp()
    const enough = new AbortController()
    if (early) enough.abort()
    const drained = reporting.drain(60_000, enough.signal)
    enough.abort()
    assert.equal(handed.filter(({ kind }) => kind === 'enough').length, 1)
    tell({ kind: 'answer', id: questions()[0]?.id ?? -1, ...STANDING, unsent: true })
    assert.equal((await drained).unsent, true)
  }
})

test('a thread that ends by itself is said once, stops the training, and nobody waits for its answers', async () => {
  const { reporting, listeners, said } = setUp()
  const asked = reporting.onDisk()
  listeners.onEnd(new RangeError('out of memory'))
  listeners.onEnd(new Error('it left with code 1'))
  assert.deepEqual(said, ['err the thread that writes epochs.jsonl and reports has ended: out of memory'])
  assert.ok(reporting.lost.aborted)
  for (const promise of [asked, reporting.onDisk(), reporting.close()]) await assert.rejects(promise, /out of memory/)
  reporting.heartbeat(0)
  assert.equal((await reporting.drain(60_000, new AbortController().signal)).unsent, true)
})

test('a thread that was stopped ends without a word', () => {
  const { reporting, listeners, said, wasStopped } = setUp()
  reporting.stop()
  listeners.onEnd(new Error('it left with code 1'))
  assert.deepEqual([said, wasStopped(), reporting.lost.aborted], [[], true, false])
})
