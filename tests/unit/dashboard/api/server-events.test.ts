import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createEventParser, type ServerEvent } from '../../../../apps/dashboard/src/api/server-event-parser.ts'

const STREAM =
  ': following\n\nid: 1:5\nevent: log\ndata: {"text":"é\\n"}\n\ndata: two\ndata: lines\n\nevent: end\r\ndata:\r\n\r\n: still here\n\n'
const READ: (ServerEvent | 'alive')[] = [
  'alive',
  { id: '1:5', event: 'log', data: '{"text":"é\\n"}' },
  { id: '1:5', event: 'message', data: 'two\nlines' },
  { id: '1:5', event: 'end', data: '' },
  'alive',
]

test('events are read as the HTML standard has them, and the last id stands until another comes', () => {
  assert.deepEqual(createEventParser().feed(STREAM), READ)
})

test('wherever the stream is cut, the same events come out', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 12 }), cuts => {
      const parser = createEventParser()
      const places = [0, ...[...cuts].sort((a, b) => a - b), STREAM.length]
      const read = places.slice(1).flatMap((to, at) => parser.feed(STREAM.slice(places[at], to)))
      assert.deepEqual(read, READ)
    }),
  )
})

test('a field without a value and a field that nobody knows change nothing', () => {
  assert.deepEqual(createEventParser().feed('retry: 5\nnothing\n\ndata: x\n\n'), [
    { id: null, event: 'message', data: 'x' },
  ])
})
