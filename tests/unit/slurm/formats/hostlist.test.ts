import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expandHostlist } from '../../../../packages/slurm/src/formats/hostlist.ts'

test('ranges keep their padding and their order', () => {
  assert.deepEqual(expandHostlist('c[08-10,3],login1'), ['c08', 'c09', 'c10', 'c3', 'login1'])
  assert.deepEqual(expandHostlist('k[01-02]'), ['k01', 'k02'])
})

test('several brackets multiply', () => {
  assert.deepEqual(expandHostlist('r[1-2]n[1-2]-ib'), ['r1n1-ib', 'r1n2-ib', 'r2n1-ib', 'r2n2-ib'])
})

test('no nodes is an empty list', () => {
  for (const text of ['', '(null)', 'None assigned']) assert.deepEqual(expandHostlist(text), [])
})

test('a text that is no host list is not guessed at', () => {
  for (const text of ['c[1-', 'c1]', 'c[[1]]', 'c[a-b]', 'a,,b', 'c 1', 'c[]', ','])
    assert.equal(expandHostlist(text), null, text)
})

test('a short text cannot ask for millions of names', () => {
  assert.throws(() => expandHostlist('n[1-999999999]'), RangeError)
  assert.throws(() => expandHostlist('n[1-1000]m[1-1000]'), RangeError)
})
