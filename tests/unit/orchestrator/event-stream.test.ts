import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createEventStreams, frame } from '../../../apps/orchestrator/src/http/event-stream.ts'
import { eventually } from '../../support/eventually.ts'

test('a frame has its id, its event and one line of data, and ends with an empty line', () => {
  assert.equal(frame({ id: '7', event: 'state', data: { a: 1 } }), 'id: 7\nevent: state\ndata: {"a":1}\n\n')
})

test('a frame without an id leaves the reader’s cursor where it is', () => {
  assert.equal(frame({ event: 'note', data: null }), 'event: note\ndata: null\n\n')
})

test('text with line ends cannot break out of its data', () => {
  const text = 'a\n\nevent: state\ndata: forged\r\nid: 9'
  const lines = frame({ id: '1', event: 'note', data: { text } }).split(/\r\n|\r|\n/)
  assert.deepEqual(lines.slice(0, 2), ['id: 1', 'event: note'])
  assert.deepEqual(lines.slice(3), ['', ''])
  assert.deepEqual(JSON.parse(lines[2]?.slice('data: '.length) ?? ''), { text })
})

/** A stream of one event after the other, each more than is held for a client; and whether its client was dropped. */
function streamFor(stalledMs: number): { body: Readable; isDropped: () => boolean } {
  const raw = Object.assign(new EventEmitter(), {
    destroyed: false,
    destroy() {
      raw.destroyed = true
    },
  })
  const request = { raw: new EventEmitter(), log: { info: () => {}, debug: () => {} } } as unknown as FastifyRequest
  let body: Readable | null = null
  const reply = {
    raw,
    header: () => reply,
    send(sent: Readable) {
      body = sent
      return reply
    },
  } as unknown as FastifyReply
  createEventStreams(1, stalledMs).open(request, reply, async function* () {
    for (;;) yield Buffer.alloc(1_048_576)
  })
  return { body: body ?? assert.fail('nothing was sent'), isDropped: () => raw.destroyed }
}

test('a client that takes nothing for so long is dropped', async () => {
  const { body, isDropped } = streamFor(50)
  await once(body, 'readable')
  await eventually('it is dropped', isDropped)
})

test('a client that takes what it is given is not dropped for a server that was held up itself', async () => {
  const stalledMs = 300
  const { body, isDropped } = streamFor(stalledMs)
  await once(body, 'readable')
  const untilMs = performance.now() + 2 * stalledMs
  while (performance.now() < untilMs);
  // As sockets do: what was taken is heard of after the timers that were due.
  await new Promise(resolve => setTimeout(resolve))
  assert.ok(body.read() !== null)
  await once(body, 'readable')
  assert.ok(!isDropped())
  body.destroy()
})

test('a reader that went before its stream was opened takes up no place', async () => {
  const streams = createEventStreams(1, 60_000)
  const request = { raw: Object.assign(new EventEmitter(), { destroyed: true }) } as unknown as FastifyRequest
  const reply = {
    raw: Object.assign(new EventEmitter(), { destroyed: true }),
    header: () => reply,
    send: () => reply,
  } as unknown as FastifyReply
  const signals: AbortSignal[] = []
  for (let i = 0; i < 3; i += 1)
    streams.open(request, reply, async function* (signal) {
      signals.push(signal)
      yield 'never asked for'
    })
  assert.equal(streams.count, 0)
  assert.ok(signals.every(signal => signal.aborted))
})
