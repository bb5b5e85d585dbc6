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

test('a gres that jobs share is one all the same', () => {
  assert.deepEqual(parseGres('gpu:a100:no_consume:4'), [{ name: 'gpu', type: 'a100', count: 4 }])
  assert.deepEqual(parseGres('gpu:no_consume:4'), [{ name: 'gpu', type: null, count: 4 }])
  assert.deepEqual(parseGres('gpu:nvidia_h100_nvl:1(S:2),VramPerGpu:no_consume:94G'), [
    { name: 'gpu', type: 'nvidia_h100_nvl', count: 1 },
    { name: 'VramPerGpu', type: null, count: 94 * 2 ** 30 },
  ])
  assert.deepEqual(parseGres('gpu:1g.33gb:4,gpu:1g.16gb:7'), [
    { name: 'gpu', type: '1g.33gb', count: 4 },
    { name: 'gpu', type: '1g.16gb', count: 7 },
  ])
})

test('none is an empty list, and what is no gres is not guessed at', () => {
  for (const text of ['', '(null)', 'N/A']) assert.deepEqual(parseGres(text), [])
  for (const text of ['gpu:a:b:c', 'gpu k80', ':', 'gpu:k80:4x']) assert.equal(parseGres(text), null, text)
})
