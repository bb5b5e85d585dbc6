import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from '@trotline/contracts'
import { differencesOf } from '../../../../apps/dashboard/src/compare/differences.ts'

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
  const { differing, equal } = differencesOf([job(), job({ seed: 7, node: 'g02' })])
  assert.deepEqual(differing, [
    { name: 'training.seed', values: ['0', '7'] },
    { name: 'node', values: ['g01', 'g02'] },
  ])
  assert.equal(equal, 9)
})

test('what one job has and another has not is a difference', () => {
  const { differing } = differencesOf([job(), job({ gpuType: 'a100' })])
  assert.deepEqual(differing, [{ name: 'resources.gpuType', values: [null, 'a100'] }])
})

test('names alone make no two jobs different', () => {
  assert.deepEqual(differencesOf([job(), job({ name: 'again' })]).differing, [])
})
