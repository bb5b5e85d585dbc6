import assert from 'node:assert/strict'
import { test } from 'node:test'
import { merged } from '../../../apps/orchestrator/src/clusters/node-merge.ts'
import { sighting } from '../../support/sightings.ts'

const SILENT = { driver: null, cudaMax: null, gpus: [], gpuTrouble: 'nvidia-smi did not answer in time' }
const earlier = sighting({ at: '2026-11-27T08:00:00.000Z' })

test('a look whose nvidia-smi hung keeps driver and GPUs as they were last seen, with that time, and its trouble', () => {
  const once = merged(sighting({ ...SILENT, glibc: '2.28' }), earlier)
  assert.deepEqual(
    [once.driver, once.gpus, once.gpusAt, once.gpuTrouble, once.glibc, once.at],
    ['396.37', earlier.gpus, earlier.at, SILENT.gpuTrouble, '2.28', '2026-11-27T09:00:00.000Z'],
  )
  const twice = merged(sighting({ ...SILENT, at: '2026-11-27T10:00:00.000Z' }), once)
  assert.deepEqual([twice.driver, twice.gpusAt], ['396.37', earlier.at], 'however often it hangs')
})

test('a look that was answered, and a node that has no nvidia-smi any more, take the place of what was known', () => {
  const answered = sighting({ driver: '390.46' })
  assert.deepEqual(merged(answered, earlier), answered)
  const without = sighting({ ...SILENT, gpuTrouble: 'there is no nvidia-smi' })
  assert.deepEqual(merged(without, earlier), without)
  assert.equal(merged(sighting(SILENT), undefined).driver, null)
})
