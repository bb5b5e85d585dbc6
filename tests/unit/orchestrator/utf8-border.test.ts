import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unfinishedBytes } from '../../../apps/orchestrator/src/streams/utf8-border.ts'

test('bytes cut anywhere within a character end with as many as there are of it', () => {
  for (const character of ['é', '▓', '🦀']) {
    const bytes = Buffer.from(`x${character}`)
    for (let length = 1; length <= bytes.length; length++)
      assert.equal(unfinishedBytes(bytes.subarray(0, length)), length === bytes.length ? 0 : length - 1, character)
  }
})

test('bytes that begin no character are not waited for', () => {
  for (const invalid of [[0xff], [0xc0], [0xc1], [0xf5], [0x80], [0x80, 0x80, 0x80, 0x80], [0x61]])
    assert.equal(unfinishedBytes(Uint8Array.from(invalid)), 0, String(invalid))
  assert.equal(unfinishedBytes(new Uint8Array()), 0)
})
