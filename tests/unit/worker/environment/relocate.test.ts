import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cannotRelocate, relocateString, relocateText } from '../../../../apps/worker/src/environment/relocate.ts'

const RELOCATION = { from: '/work/environments/0123', to: '/tmp/0123' }

test('in text the prefix is replaced wherever it stands, and other bytes stay as they are', () => {
  const text = Buffer.concat([
    Buffer.from('#!/work/environments/0123/bin/python\nx=/work/environments/0123:'),
    Buffer.from([0xff, 0xfe]),
  ])
  const moved = relocateText(text, RELOCATION)
  assert.equal(moved.subarray(0, -2).toString(), '#!/tmp/0123/bin/python\nx=/tmp/0123:')
  assert.deepEqual([...moved.subarray(-2)], [0xff, 0xfe])
})

test('a new prefix with signs that replacing could take for its own is written as it is', () => {
  const moved = relocateText(Buffer.from('<abcdef>'), { from: 'abcdef', to: '$&$1' })
  assert.equal(moved.toString(), '<$&$1>')
})

test('a string of a binary file keeps its length and is filled up with zero bytes, however often the prefix is in it', () => {
  const string = Buffer.from('/work/environments/0123/lib:/work/environments/0123/lib64')
  const moved = relocateString(string, RELOCATION)
  assert.equal(moved.length, string.length)
  assert.equal(moved.toString().replace(/\0+$/, ''), '/tmp/0123/lib:/tmp/0123/lib64')
  assert.ok(moved.subarray('/tmp/0123/lib:/tmp/0123/lib64'.length).every(byte => byte === 0))
})

test('a longer path is refused in words, with both and how long they are; one of the same length is not', () => {
  assert.equal(cannotRelocate(RELOCATION), null)
  assert.equal(cannotRelocate({ from: '/a/b', to: '/c/d' }), null)
  assert.match(
    cannotRelocate({ from: '/a/b', to: '/long/b' }) ?? '',
    /made at \/a\/b cannot be moved to \/long\/b: .* room for 4 characters, and that path has 7/,
  )
  // Counted in bytes, as files have them.
  assert.notEqual(cannotRelocate({ from: '/a/bb', to: '/ä/bb' }), null)
})
