import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claimAgainst } from '../../../apps/orchestrator/src/clusters/node-claims.ts'
import type { Claim } from '../../../apps/orchestrator/src/store/sightings.ts'
import { sighting } from '../../support/sightings.ts'

const claim = (over: Partial<Claim> = {}): Claim => ({
  ...sighting({ at: '2026-11-27T10:00:00.000Z' }),
  job: 'abc',
  ...over,
})
const says = (over: Partial<Claim>, look = sighting()): string | null => claimAgainst(claim(over), look)?.says ?? null

test('a job that saw what was seen before, or less of it, says nothing', () => {
  assert.equal(says({}), null)
  assert.equal(says({ driver: null, cudaMax: null, gpus: [], glibc: null, cpuArch: null }), null)
  const two = sighting({
    gpus: [
      { name: 'Tesla K80', computeCapability: null },
      { name: 'Tesla K40m', computeCapability: null },
    ],
  })
  assert.equal(says({ gpus: [{ name: 'Tesla K80', computeCapability: '3.7' }] }, two), null)
})

test('what it saw otherwise is told beside what was seen', () => {
  assert.equal(says({ driver: '390.46' }), 'driver 390.46 (when it was looked at: 396.37)')
  assert.equal(
    says({ gpus: [{ name: 'Tesla K40m', computeCapability: null }] }),
    'GPU Tesla K40m (when it was looked at: Tesla K80)',
  )
  assert.equal(says({ cpuArch: 'aarch64' }), 'architecture aarch64 (when it was looked at: x86_64)')
  assert.equal(says({ gpuTrouble: 'nvidia-smi did not answer in time' }), '"nvidia-smi did not answer in time"')
})

test('of a node that nobody has looked at all is told; and nothing where the look is newer', () => {
  assert.equal(claimAgainst(claim(), undefined)?.says, 'driver 396.37, GPU Tesla K80, glibc 2.17, architecture x86_64')
  assert.equal(says({ driver: '390.46', at: '2026-11-27T08:00:00.000Z' }), null)
})
