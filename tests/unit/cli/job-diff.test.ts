import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffJobs } from '../../../apps/cli/src/text/job-diff.ts'
import { JobRequest } from '../../../packages/contracts/src/index.ts'
import { newJob, REQUEST } from '../../integration/cli-contract-server.ts'

const job = newJob('t00000000001', REQUEST)

test('a job does not differ from itself, and what is the same is counted', () => {
  const { differences, equal } = diffJobs(job, { ...job, id: 't00000000002', name: 'another' })
  assert.deepEqual(differences, [])
  assert.ok(equal > 15, String(equal))
})

test('only what differs is named: a field by its path, the seed, a label that one of them has', () => {
  const training = { kind: 'preset', preset: 'auto-mpg', epochs: 50, seed: 7 }
  const other = newJob('t00000000002', JobRequest.parse({ ...REQUEST, labels: { project: 'reef' }, training }))
  assert.deepEqual(
    diffJobs(job, other).differences.map(({ field, from, to }) => [field, from, to]),
    [
      ['training.epochs', '20', '50'],
      ['training.seed', '0', '7'],
      ['labels.project', null, 'reef'],
    ],
  )
})

test('locks, data, release, hardware and results are compared by their digests and words', () => {
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]
  const environment = (lock: string) => ({ lock, name: null, look: null })
  const data = (sha256: string | null) => [{ path: '/scratch/d.npz', bytes: 9, sha256 }]
  const left = { ...job, environment: environment(a), data: data(a), worker: { release: a, runtime: 'v20' } }
  const right = { ...job, environment: environment(b), data: data(null), worker: { release: a, runtime: 'v22' } }
  assert.deepEqual(diffJobs(left, right).differences, [
    { group: 'environment', field: 'lock', from: a, to: b },
    { group: 'data', field: '/scratch/d.npz', from: a, to: '9 bytes, not hashed' },
    { group: 'release', field: 'Node.js', from: 'v20', to: 'v22' },
  ])
})
