import assert from 'node:assert/strict'
import { test } from 'node:test'
import { excerpt, SLURM_ERRORS, SlurmError, type SlurmErrorCode } from '../../../packages/slurm/src/errors.ts'

test('an error carries its code, what the catalogue says of it, its details and its cause', () => {
  const cause = new Error('below')
  for (const code of Object.keys(SLURM_ERRORS) as SlurmErrorCode[]) {
    const error = new SlurmError(code, { message: 'here', details: { line: 'x' }, cause })
    assert.equal(error.code, code)
    assert.equal(error.transient, SLURM_ERRORS[code].transient)
    assert.equal(error.message, `${SLURM_ERRORS[code].title}: here`)
    assert.deepEqual([error.details, error.cause], [{ line: 'x' }, cause])
  }
})

test('whatever means "could not ask" is transient; what another try cannot heal is not', () => {
  const lasting = Object.entries(SLURM_ERRORS).filter(([, { transient }]) => !transient)
  assert.deepEqual(
    lasting.map(([code]) => code),
    ['SSH_CLOSED', 'SSH_HOST_KEY', 'SSH_AUTH', 'FILE_DENIED', 'SLURM_REJECTED'],
  )
})

test('a long text keeps its beginning and its end', () => {
  assert.equal(excerpt('short'), 'short')
  const cut = excerpt(`begin${'x'.repeat(5000)}end`, 10)
  assert.ok(cut.startsWith('beginxxxxx') && cut.endsWith('xxxxxxxend') && cut.length < 100)
})
