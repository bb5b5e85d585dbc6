import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createEventStreams, frame } from '../../../apps/orchestrator/src/http/event-stream.ts'

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
