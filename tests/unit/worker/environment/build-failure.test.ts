import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { buildFailure, troubleOf } from '../../../../apps/worker/src/environment/build-failure.ts'

const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: it is so, rmdir '/a'`), { code, syscall: 'rmdir' })

describe('build-failure', () => {
  test('what passes by itself, or when somebody makes room or closes a file, is tried again', () => {
    for (const code of ['ENOSPC', 'ESTALE', 'EBUSY', 'ENOTEMPTY'])
      assert.deepEqual([troubleOf(systemError(code)).code, troubleOf(systemError(code)).transient], ['storage', true])
    assert.match(troubleOf(systemError('ENOTEMPTY')).detail, /^Somebody has a file open that is to be removed: /)
    assert.equal(troubleOf(systemError('EACCES')).transient, false)
  })

  test('a bug of the maker is told as one, with where it was', () => {
    const { code, detail, evidence } = troubleOf(new TypeError('x is not a function'))
    assert.deepEqual([code, detail], ['died', 'The maker itself went wrong: x is not a function.'])
    assert.match(evidence[1] ?? '', /build-failure\.test/)
  })

  test('a trouble has no more text than its contract lets it have', () => {
    const { detail, evidence } = buildFailure('died', 'x'.repeat(5000), {
      evidence: Array(99).fill('y'.repeat(5000)),
    }).trouble
    assert.deepEqual([detail.length, evidence.length, evidence[0]?.length], [2000, 32, 1000])
  })
})
