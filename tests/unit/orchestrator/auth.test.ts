import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { authorize, createAuthenticator } from '../../../apps/orchestrator/src/http/auth.ts'
import { idempotencyOf } from '../../../apps/orchestrator/src/http/idempotency.ts'
import { ProblemError } from '../../../apps/orchestrator/src/http/problems.ts'
import { record, sha256 } from '../../support/job-records.ts'

const { principalOf } = createAuthenticator([
  { owner: 'ada', name: 'Ada', role: 'user', identity: 'default', sha256: sha256('ada-token') },
  { owner: 'staff', name: 'Staff', role: 'operator', identity: 'ops', sha256: sha256('staff-token') },
])
const problem = (wanted: string) => (error: unknown) => error instanceof ProblemError && error.problem === wanted

describe('who asks', () => {
  test('a known token tells owner, role and identity', () => {
    assert.deepEqual(principalOf('Bearer ada-token'), {
      owner: { id: 'ada', name: 'Ada' },
      role: 'user',
      identity: 'default',
    })
    assert.equal(principalOf('bearer staff-token').role, 'operator')
  })

  for (const header of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer ADA-TOKEN',
    'Bearer ada-token ',
    'Bearer ada-token\n',
    'Bearer a b',
    'Basic ada-token',
    'ada-token',
    `Bearer ${sha256('ada-token')}`,
    `Bearer ${'x'.repeat(100_000)}`,
    'Bearer tökén',
  ]) {
    test(`${JSON.stringify(header)?.slice(0, 40)} is nobody`, () => {
      assert.throws(() => principalOf(header), problem('unauthorized'))
    })
  }

  test('a refusal does not repeat the token', () => {
    assert.throws(
      () => principalOf('Bearer almost-right'),
      (error: Error) => !error.message.includes('almost-right'),
    )
  })
})

describe('what they may', () => {
  const job = record({ owner: { id: 'ada', name: 'Ada' } })
  const bob = { owner: { id: 'bob', name: 'Bob' }, role: 'user', identity: 'default' } as const

  test('owners and operators touch a job', () => {
    for (const action of ['read', 'cancel', 'release'] as const) {
      authorize(principalOf('Bearer ada-token'), action, job)
      authorize(principalOf('Bearer staff-token'), action, job)
    }
  })

  test('to anyone else the job does not exist', () => {
    for (const action of ['read', 'cancel', 'release'] as const) {
      assert.throws(() => authorize(bob, action, job), problem('job-not-found'))
    }
  })
})

describe('an idempotency key', () => {
  const ada = principalOf('Bearer ada-token')
  const of = (key: string, subject: unknown, who = ada) => idempotencyOf({ 'idempotency-key': key }, who, subject)

  test('is its owner’s, and kept as a hash', () => {
    assert.deepEqual(of('k', 1), { owner: 'ada', keySha256: sha256('k'), bodySha256: sha256('1') })
    assert.notDeepEqual(of('k', 1), of('k', 1, { ...ada, owner: { id: 'bob', name: 'Bob' } }))
  })

  test('tells the same subject from another', () => {
    assert.deepEqual(of('k', { a: 1 }), of('k', { a: 1 }))
    assert.notDeepEqual(of('k', { a: 1 }), of('k', { a: 2 }))
  })

  test('is optional', () => {
    assert.equal(idempotencyOf({}, ada, {}), null)
  })
})
