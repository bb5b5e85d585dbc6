import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CompatibilityCheck, Job, JobFile, Problem, SuggestRequest } from '@trotline/contracts'
import { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { record } from '../../support/job-records.ts'

describe('a question', () => {
  const fields = (body: object, schema: typeof CompatibilityCheck | typeof SuggestRequest = CompatibilityCheck) =>
    schema.safeParse(body).error?.issues.map(issue => issue.path.join('.')) ?? []

  test('names a driver and a GPU, or a partition with its cluster', () => {
    assert.deepEqual(fields({ driver: '396.37', gpu: 'K80', framework: 'pytorch' }), [])
    assert.deepEqual(fields({ cluster: 'local', partition: 'gpuk80', gpuType: 'k80', framework: 'pytorch' }), [])
    assert.deepEqual(fields({}), [])
  })

  test('of both is refused by the field that is too much', () => {
    const place = { cluster: 'local', partition: 'gpuk80' }
    for (const schema of [CompatibilityCheck, SuggestRequest]) {
      assert.deepEqual(fields({ ...place, driver: '396.37', gpu: 'K80' }, schema), ['driver', 'gpu'])
      assert.deepEqual(fields({ ...place, computeCapability: '3.7' }, schema), ['computeCapability'])
    }
    const [issue] = CompatibilityCheck.safeParse({ ...place, driver: '396.37' }).error?.issues ?? []
    assert.match(issue?.message ?? '', /cannot be given together with a partition/)
  })

  test('of half a place is refused by the other half', () => {
    assert.deepEqual(fields({ partition: 'gpuk80' }), ['cluster'])
    assert.deepEqual(fields({ cluster: 'local' }), ['partition'])
    assert.deepEqual(fields({ gpuType: 'k80' }), ['gpuType'])
  })

  test('with a field that there is not, a text of a megabyte or a thousand virtual packages is refused', () => {
    assert.deepEqual(CompatibilityCheck.safeParse({ drivr: '1' }).error?.issues[0]?.code, 'unrecognized_keys')
    assert.deepEqual(fields({ driver: '9'.repeat(201) }), ['driver'])
    assert.deepEqual(fields({ gpu: 'K80\n' }), ['gpu'])
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`__v${i}`, '1']))
    assert.deepEqual(fields({ virtualPackages: many }), ['virtualPackages'])
  })
})

describe('a record of a server that did not judge', () => {
  const old = { verdict: 'unknown', detail: 'not judged' } as const
  const whole = { ...old, rule: 'not-judged', findings: [], facts: null }

  test('is still read, in the store and in job.json', () => {
    assert.deepEqual(JobRecord.parse({ ...record(), compatibility: old }).compatibility, whole)
    const { id, name, owner, identity, cluster, request, createdAt, submission, submissions } = record()
    const file = { v: 1, id, name, owner, identity, cluster, request, createdAt, submission, submissions }
    assert.deepEqual(JobFile.parse({ ...file, compatibility: old, idempotency: null }).compatibility, whole)
    assert.deepEqual(Job.shape.compatibility.parse(old), whole)
  })
})

test('a problem without a judgement is one as before', () => {
  const plain = { type: 't', status: 400, code: 'c', title: 't', detail: 'd', instance: 'i' }
  assert.deepEqual(Problem.parse(plain), plain)
})
