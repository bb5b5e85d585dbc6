import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseScancel, scancelCommand } from '../../../../packages/slurm/src/commands/scancel.ts'
import { resultOf } from '../../../fixtures/fixture-file.ts'
import { recorded } from './fixtures.ts'

test('a job is named by id, name and user together', () => {
  assert.deepEqual(scancelCommand({ slurmJobId: '7', name: 'tl-1', user: 'u' }), [
    'scancel',
    '--user=u',
    '--name=tl-1',
    '7',
  ])
})

test('cancelling is harmless when the job waits, lives, is over, is unknown, or has another name', () => {
  for (const name of ['waiting', 'live', 'over', 'unknown-id', 'other-name']) {
    for (const fixture of recorded(`scancel-${name}`)) assert.doesNotThrow(() => parseScancel(resultOf(fixture)), name)
  }
})

test('a controller that is away has cancelled nothing', () => {
  for (const fixture of recorded('scancel-no-slurmctld')) {
    assert.throws(() => parseScancel(resultOf(fixture)), { code: 'SLURM_UNREACHABLE', transient: true })
  }
})

test('a refusal is told apart from "could not ask"', () => {
  const result = { signal: null, stdout: '', durationMs: 0 }
  const stderr = 'scancel: error: Kill job error on job id 7: Access/permission denied\n'
  assert.throws(() => parseScancel({ ...result, exitCode: 1, stderr }), { code: 'SLURM_REJECTED', transient: false })
  for (const exitCode of [124, 127, 137]) {
    assert.throws(() => parseScancel({ ...result, exitCode, stderr: '' }), { code: 'SLURM_UNREACHABLE' })
  }
})
