import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIndexBuilder, nameNeeded } from '../../../../../apps/orchestrator/src/solving/channels/index-builder.ts'
import { type ReadIndex, readIndex } from '../../../../../apps/orchestrator/src/solving/channels/repodata-index.ts'

const DOCUMENT = { sha256: 'a'.repeat(64), bytes: 5_000_000_000, malformed: 2 }

const recordsOf = (index: ReadIndex, name: string): [offset: number, length: number][] => {
  const id = index.names.indexOf(name)
  return Array.from({ length: (index.starts[id + 1] ?? 0) - (index.starts[id] ?? 0) }, (_, i) => {
    const at = (index.starts[id] ?? 0) + i
    return [index.offsets[at] ?? -1, (index.lengths[at] ?? -1) >>> 0]
  })
}
const needsOf = (index: ReadIndex, name: string): (string | undefined)[] => {
  const id = index.names.indexOf(name)
  return [...index.needs.subarray(index.needStarts[id], index.needStarts[id + 1])].map(need => index.names[need])
}

test('an index is read as it was built: records by name in the order of the document, and what they need', () => {
  const builder = createIndexBuilder()
  builder.add({ name: 'b', conda: true, offset: 10, length: 5, depends: ['a >=1', 'main::c 2.*', '__glibc >=2.17'] })
  builder.add({ name: 'a', conda: false, offset: 20, length: 6, depends: [] })
  builder.add({ name: 'b', conda: false, offset: 4_294_967_290, length: 7, depends: ['a >=1', '', '@nothing'] })
  const index = readIndex(builder.finish(DOCUMENT))
  assert.ok(index)
  assert.deepEqual(recordsOf(index, 'b'), [
    [10, 5 + 0x8000_0000],
    [4_294_967_290, 7],
  ])
  assert.deepEqual(recordsOf(index, 'a'), [[20, 6]])
  assert.deepEqual(recordsOf(index, 'c'), [])
  assert.deepEqual(needsOf(index, 'b'), ['a', 'c', '__glibc'])
  assert.deepEqual(needsOf(index, 'a'), [])
  assert.equal(index.header.documentBytes, DOCUMENT.bytes)
  assert.equal(index.header.malformed, 2)
})

test('an empty document has an index too', () => {
  const index = readIndex(createIndexBuilder().finish(DOCUMENT))
  assert.deepEqual(index?.names, [])
  assert.equal(index?.header.records, 0)
})

test('an index with a flipped byte, or without its end, is none', () => {
  const builder = createIndexBuilder()
  for (let i = 0; i < 50; i++)
    builder.add({ name: `n${i}`, conda: true, offset: i * 10, length: 9, depends: [`n${(i * 7) % 50} >=1`] })
  const file = builder.finish(DOCUMENT)
  assert.ok(readIndex(file))
  for (let at = 0; at < file.length; at += 3) {
    const damaged = Buffer.from(file)
    damaged[at] = (damaged[at] ?? 0) ^ 4
    assert.equal(readIndex(damaged), null, `byte ${at}`)
    assert.equal(readIndex(file.subarray(0, at)), null, `cut after ${at}`)
  }
})

test('an index is read from any place in memory', () => {
  const builder = createIndexBuilder()
  builder.add({ name: 'abc', conda: true, offset: 1, length: 2, depends: ['de'] })
  const file = builder.finish(DOCUMENT)
  for (const shift of [0, 1, 2, 3]) {
    const moved = Buffer.alloc(file.length + shift).subarray(shift)
    file.copy(moved)
    const index = readIndex(moved)
    assert.ok(index)
    assert.deepEqual(recordsOf(index, 'abc'), [[1, 2 + 0x8000_0000]])
  }
})

test('what a dependency names is its first word, without a channel', () => {
  for (const [dependency, name] of [
    ['python >=3.6,<3.7.0a0', 'python'],
    ['python>=3', 'python'],
    ['blas * mkl', 'blas'],
    ['numpy-base 1.17.2', 'numpy-base'],
    ['main::Foo.bar_x[version=1]', 'foo.bar_x'],
    ['https://example.org/main::zlib', 'zlib'],
    ['zlib[channel=a::b]', 'zlib'],
    [' _libgcc_mutex', '_libgcc_mutex'],
    ['', null],
    ['>=3', null],
  ] as const)
    assert.equal(nameNeeded(dependency), name, dependency)
})
