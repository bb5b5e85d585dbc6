import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesMember } from '../../../apps/orchestrator/src/http/json-bytes.ts'

const asObject = (bytes: Uint8Array): unknown => JSON.parse(`{${Buffer.from(bytesMember(bytes)).toString()}}`)

test('text is the very JSON that JSON.stringify makes, whatever characters it has', () => {
  const every = Array.from({ length: 0x800 }, (_, code) => String.fromCharCode(code)).join('')
  for (const text of ['', 'loss 0.5\r', 'a\n"b"\\c\t\0', every, '▓░ 好 🦀 \u2028\u2029\ufeff'])
    assert.equal(Buffer.from(bytesMember(Buffer.from(text))).toString(), JSON.stringify({ text }).slice(1, -1))
})

test('a byte order mark and characters past the first plane come back as the bytes that they were', () => {
  const bytes = Buffer.from('\ufeff🦀\ufeff')
  assert.deepEqual(Buffer.from((asObject(bytes) as { text: string }).text), bytes)
})

test('bytes that are no UTF-8 come as base64, and come back', () => {
  const halves = [[0xff], [0xc3], [0xe2, 0x96], [0xf0, 0x9f, 0xa6], [0xed, 0xa0, 0x80], [0xc0, 0x80]]
  for (const half of halves) {
    const bytes = Buffer.from([0x61, ...half, 0x0a])
    const { base64 } = asObject(bytes) as { base64: string }
    assert.deepEqual(Buffer.from(base64, 'base64'), bytes)
  }
})

test('a piece of a longer buffer is that piece', () => {
  const whole = Buffer.from('abc\xff')
  assert.deepEqual(asObject(whole.subarray(1, 3)), { text: 'bc' })
  const invalid = Buffer.from([1, 0xff, 2])
  assert.deepEqual(asObject(invalid.subarray(1, 2)), { base64: '/w==' })
})
