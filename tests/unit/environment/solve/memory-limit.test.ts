import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PAGE_BYTES, withMostPages } from '../../../../packages/environment/src/solve/memory-limit.ts'

interface WasmMemory {
  grow(pages: number): number
  readonly buffer: ArrayBuffer
}
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object
    Instance: new (module: object) => { exports: { memory: WasmMemory } }
  }
}

/** A module that exports a memory of one page, with a custom section before it and the export behind it. */
const moduleOf = (limits: readonly number[]): Uint8Array =>
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x00, 0x03, 0x02, 0x61, 0x62],
    ...[0x05, limits.length + 1, 0x01, ...limits],
    ...[0x07, 0x0a, 0x01, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00],
  ])
const memoryOf = (module: Uint8Array): WasmMemory =>
  new WebAssembly.Instance(new WebAssembly.Module(module)).exports.memory

test('a memory without a most is given one, and grows up to it and no further', () => {
  const memory = memoryOf(withMostPages(moduleOf([0x00, 0x01]), 300))
  assert.equal(memory.buffer.byteLength, PAGE_BYTES)
  memory.grow(299)
  assert.equal(memory.buffer.byteLength, 300 * PAGE_BYTES)
  assert.throws(() => memory.grow(1), RangeError)
})

test('a smaller most of its own stays, and a larger one gives way', () => {
  assert.throws(() => memoryOf(withMostPages(moduleOf([0x01, 0x01, 0x02]), 300)).grow(2), RangeError)
  assert.throws(() => memoryOf(withMostPages(moduleOf([0x01, 0x01, 0x80, 0x08]), 3)).grow(3), RangeError)
})

test('what it begins with is never cut off', () => {
  assert.equal(memoryOf(withMostPages(moduleOf([0x00, 0x05]), 2)).buffer.byteLength, 5 * PAGE_BYTES)
})

test('a module without a memory of its own is refused', () => {
  assert.throws(() => withMostPages(Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]), 2), TypeError)
})
