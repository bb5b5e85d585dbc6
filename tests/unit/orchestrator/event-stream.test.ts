import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame } from '../../../apps/orchestrator/src/http/event-stream.ts'

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
