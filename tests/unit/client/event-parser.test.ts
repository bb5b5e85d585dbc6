import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEventParser, type ServerEvent } from '@trotline/client'
import fc from 'fast-check'
import { processorMsOf } from '../../support/processor-time.ts'

const STREAM =
  '\uFEFF: following\n\nid: 1:5\nevent: log\ndata: {"text":"é\\n"}\n\nretry: 2500\rdata: two\rdata: lines\r\revent: end\r\ndata:\r\n\r\n: still here\n\n'
const READ: (ServerEvent | 'alive')[] = [
  'alive',
  { id: '1:5', event: 'log', data: '{"text":"é\\n"}' },
  { id: '1:5', event: 'message', data: 'two\nlines' },
  { id: '1:5', event: 'end', data: '' },
  'alive',
]

const read = (text: string): (ServerEvent | 'alive')[] => createEventParser().feed(text)
const message = (data: string): ServerEvent => ({ id: null, event: 'message', data })

test('events are read as the HTML standard has them, and the last id stands until another comes', () => {
  const parser = createEventParser()
  assert.deepEqual(parser.feed(STREAM), READ)
  assert.equal(parser.retryMs, 2500)
})

test('wherever the stream is cut, also between a byte order mark, CR and LF, the same events come out', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 12 }), cuts => {
      const parser = createEventParser()
      const places = [0, ...[...cuts].sort((a, b) => a - b), STREAM.length]
      assert.deepEqual(
        places.slice(1).flatMap((to, at) => parser.feed(STREAM.slice(places[at], to))),
        READ,
      )
    }),
  )
  const parser = createEventParser()
  assert.deepEqual(
    [...STREAM].flatMap(one => parser.feed(one)),
    READ,
  )
})

test('whatever text an event carries, and however its lines end, it is read back', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map(text => text.replaceAll(/[\r\n]/g, '|'))
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), fc.constantFrom('\n', '\r\n', '\r'), (lines, end) => {
      const text = lines.map(one => `data: ${one}${end}`).join('') + end
      assert.deepEqual(read(text), [message(lines.join('\n'))])
    }),
  )
})

test('a byte order mark counts at the beginning only', () => {
  assert.deepEqual(read('\uFEFFdata: a\n\n'), [message('a')])
  assert.deepEqual(read('data: a\n\n\uFEFFdata: b\n\n'), [message('a')])
})

test('one space after the colon is not part of a value, a second one is', () => {
  assert.deepEqual(read('data:a\ndata: b\ndata:  c\ndata\n\n'), [message('a\nb\n c\n')])
})

test('an event without data is none, and its name is forgotten', () => {
  assert.deepEqual(read('event: nothing\n\ndata: x\n\n'), [message('x')])
})

test('an id may be cleared, is not taken with a NUL in it, and may be known from before', () => {
  const parser = createEventParser('7')
  const ids = parser
    .feed('data\n\nid: 8\ndata\n\nid: 9\0\ndata\n\nid\ndata\n\n')
    .map(one => (one === 'alive' ? one : one.id))
  assert.deepEqual(ids, ['7', '8', '8', ''])
})

test('a field that nobody knows and a wait that is no number change nothing', () => {
  const parser = createEventParser()
  assert.deepEqual(parser.feed('retry: soon\nretry: 1e3\nnothing\nid2: 5\nData: x\n\ndata: x\n\n'), [message('x')])
  assert.equal(parser.retryMs, null)
})

test('an event that never ends is not kept without end', () => {
  const parser = createEventParser()
  const piece = `data: ${'x'.repeat(1_000_000)}\n`
  assert.throws(() => {
    for (let i = 0; i < 100; i += 1) parser.feed(piece)
  }, /An event has more than/)
  const line = createEventParser()
  assert.throws(() => {
    for (let i = 0; i < 100; i += 1) line.feed('x'.repeat(1_000_000))
  }, RangeError)
  const empty = createEventParser()
  assert.throws(() => {
    for (let i = 0; i < 400; i += 1) empty.feed('data\n'.repeat(100_000))
  }, RangeError)
})

test('a long line in many pieces takes time in step with its length', () => {
  const time = (pieces: number): number => {
    const parser = createEventParser()
    return processorMsOf(() => {
      for (let i = 0; i < pieces; i += 1) parser.feed('x'.repeat(1000))
    })
  }
  time(1000)
  const [short, long] = [time(1_000), time(8_000)]
  // Searched anew from its beginning with every piece it takes half a minute.
  assert.ok(long < Math.max(short * 40, 3_000), `${short} ms, ${long} ms`)
})
