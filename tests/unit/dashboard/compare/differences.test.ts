import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from '@trotline/contracts'
import { cutToDifference, differencesOf } from '../../../../apps/dashboard/src/compare/differences.ts'

const job = (over: { name?: string; seed?: number; node?: string; gpuType?: string | null } = {}): Job =>
  ({
    name: over.name ?? 'auto-mpg',
    request: {
      name: over.name ?? 'auto-mpg',
      cluster: 'bluecrab',
      resources: { partition: 'gpu', cpus: 2, gpuType: over.gpuType ?? null },
      training: { kind: 'preset', preset: 'auto-mpg', seed: over.seed ?? 0 },
    },
    environment: null,
    worker: { release: 'f'.repeat(64), runtime: 'v20.20.2' },
    runs: [{ node: over.node ?? 'g01' }],
    result: null,
    compatibility: { facts: null },
    data: [{ path: '/data/a.csv', bytes: 1, sha256: 'a'.repeat(64) }],
  }) as unknown as Job

test('only what differs is told, by the name that it has in the request, and the rest is counted', () => {
  const { differing, same } = differencesOf([job(), job({ seed: 7, node: 'g02' })])
  assert.deepEqual(differing, [
    { name: 'training.seed', values: ['0', '7'] },
    { name: 'node', values: ['g01', 'g02'] },
  ])
  assert.equal(same.length, 9)
  assert.deepEqual(same[0], { name: 'cluster', value: 'bluecrab' })
})

test('what one job has and another has not is a difference', () => {
  const { differing } = differencesOf([job(), job({ gpuType: 'a100' })])
  assert.deepEqual(differing, [{ name: 'resources.gpuType', values: [null, 'a100'] }])
})

test('names alone make no two jobs different', () => {
  assert.deepEqual(differencesOf([job(), job({ name: 'again' })]).differing, [])
})

test('long values are cut to where they begin to differ, and short ones are left alone', () => {
  const long = (word: string) => `${'same '.repeat(100)}${word}${' after'.repeat(100)}`
  const [a, none, b] = cutToDifference([long('one'), null, long('two')])
  assert.equal(none, null)
  assert.match(a ?? '', /^….*same one after.*…$/)
  assert.match(b ?? '', /^….*same two after.*…$/)
  assert.ok((a ?? '').length < 130)
  assert.deepEqual(cutToDifference(['a', 'b']), ['a', 'b'])
})
