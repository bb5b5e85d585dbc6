import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGres } from '../../../../packages/slurm/src/formats/gres.ts'

test('name, type and count are told apart', () => {
  assert.deepEqual(parseGres('gpu:k80:4'), [{ name: 'gpu', type: 'k80', count: 4 }])
  assert.deepEqual(parseGres('gpu:4'), [{ name: 'gpu', type: null, count: 4 }])
  assert.deepEqual(parseGres('gpu'), [{ name: 'gpu', type: null, count: 1 }])
  assert.deepEqual(parseGres('gpu:a100_80gb.x:2'), [{ name: 'gpu', type: 'a100_80gb.x', count: 2 }])
})

test('sockets, indexes and binary suffixes are understood', () => {
  assert.deepEqual(parseGres('gpu:p100:2(S:0,1),shard:1K,gpu:k80:1(IDX:3)'), [
    { name: 'gpu', type: 'p100', count: 2 },
    { name: 'shard', type: null, count: 1024 },
    { name: 'gpu', type: 'k80', count: 1 },
  ])
})

test('none is an empty list, and what is no gres is not guessed at', () => {
  for (const text of ['', '(null)', 'N/A']) assert.deepEqual(parseGres(text), [])
  for (const text of ['gpu:a:b:c', 'gpu k80', ':', 'gpu:k80:4x']) assert.equal(parseGres(text), null, text)
})
