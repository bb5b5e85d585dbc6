import assert from 'node:assert/strict'
import { test } from 'node:test'
import { characterLength, eachRun, openBytes } from '@trotline/client'
import fc from 'fast-check'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const isText = (bytes: Uint8Array): boolean => {
  try {
    strict.decode(bytes)
    return true
  } catch {
    return false
  }
}
const anyText = fc.string({ unit: 'binary', maxLength: 60 })
/** Mostly bytes that begin and continue characters: what is random alone is hardly ever nearly right. */
const nearlyText = fc.array(
  fc.oneof(
    fc.constantFrom(0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5),
    fc.nat(255),
  ),
  { maxLength: 24 },
)

test('text that is cut anywhere is whole characters up to what openBytes holds back', () => {
  fc.assert(
    fc.property(anyText, fc.nat(240), (text, where) => {
      const bytes = bytesOf(text)
      const cut = Math.min(where, bytes.length)
      const head = bytes.subarray(0, cut)
      const open = openBytes(head, 0, cut)
      assert.ok(open <= 3)
      assert.ok(isText(head.subarray(0, cut - open)))
      // And no more is held back than the character that was cut.
      assert.equal(open === 0, isText(head))
    }),
  )
})

test('pieces joined at their open ends give the text that was cut', () => {
  fc.assert(
    fc.property(anyText, fc.array(fc.nat(240), { maxLength: 8 }), (text, wheres) => {
      const bytes = bytesOf(text)
      const cuts = [0, ...wheres.map(where => Math.min(where, bytes.length)).sort((a, b) => a - b), bytes.length]
      let kept = new Uint8Array(0)
      let read = ''
      for (const [at, to] of cuts.slice(1).entries()) {
        const piece = Uint8Array.from([...kept, ...bytes.subarray(cuts[at], to)])
        const whole = piece.length - openBytes(piece, 0, piece.length)
        read += strict.decode(piece.subarray(0, whole))
        kept = piece.slice(whole)
      }
      assert.equal(read, text)
      assert.equal(kept.length, 0)
    }),
  )
})

test('bytes that are no beginning are never waited for', () => {
  fc.assert(
    fc.property(nearlyText, values => {
      const bytes = Uint8Array.from(values)
      const open = openBytes(bytes, 0, bytes.length)
      const tail = bytes.slice(bytes.length - open)
      // Some continuation makes a character of it: one that is left open is one that could still come.
      const ends = [0x80, 0x90, 0xa0, 0xbf].flatMap(second => [[second], [second, 0x80], [second, 0x80, 0x80]])
      if (open > 0) assert.ok(ends.some(end => isText(Uint8Array.from([...tail, ...end]))))
    }),
  )
})

test('every byte is told once, in order, and what is told as text is text', () => {
  fc.assert(
    fc.property(nearlyText, values => {
      const bytes = Uint8Array.from(values)
      const told: number[] = []
      eachRun(
        bytes,
        0,
        bytes.length,
        (from, to) => {
          assert.ok(isText(bytes.subarray(from, to)))
          told.push(...bytes.subarray(from, to))
        },
        byte => told.push(byte),
      )
      assert.deepEqual(told, values)
    }),
  )
})

test('a character is one exactly where a strict decoder takes it', () => {
  fc.assert(
    fc.property(nearlyText, values => {
      const bytes = Uint8Array.from(values)
      if (bytes.length === 0) return
      const length = characterLength(bytes, 0, bytes.length)
      if (length > 0) assert.ok(isText(bytes.subarray(0, length)))
      else for (let to = 1; to <= Math.min(4, bytes.length); to += 1) assert.ok(!isText(bytes.subarray(0, to)))
    }),
  )
})

test('only unfinished characters are waited for at a border', () => {
  const text = new TextEncoder().encode('a€😀')
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8].map(end => openBytes(text.subarray(0, end))),
    [0, 1, 2, 0, 1, 2, 3, 0],
  )
  assert.equal(openBytes(Uint8Array.of(0x61, 0xff)), 0)
  assert.equal(openBytes(Uint8Array.of(0x80, 0x80, 0x80, 0x80)), 0)
})
