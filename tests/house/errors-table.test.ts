// README's "Errors" against the catalogues, both ways: no code without a row, no row without a code.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SLURM_ERRORS } from '@trotline/slurm'
import { ORCHESTRATOR_ERROR_CODES, OrchestratorError } from '../../apps/orchestrator/src/errors.ts'
import { PROBLEMS } from '../../apps/orchestrator/src/http/problems.ts'
import { isClusterFault, isPatience, waitMs } from '../../apps/orchestrator/src/lifecycle/ladder.ts'
import { readDocument, sectionOf, tableOf } from './document-tables.ts'

const errors = sectionOf(readDocument('README.md'), 'Errors')

test("README's table of problems is the server's, both ways, with status and title", () => {
  const told = tableOf(errors, ['status', 'code', 'title']).map(
    ([status, code, title]) => `${status} ${code}: ${title}`,
  )
  const known = Object.entries(PROBLEMS).map(([code, { status, title }]) => `${status} ${code}: ${title}`)
  assert.deepEqual([...told].sort(), [...known].sort())
})

/** Answered as a problem of its own, said at the start of the process, or settled before anybody sees it. */
const UNSEEN = new Set([
  'CONFIG_INVALID',
  'JOB_NOT_FOUND',
  'JOB_STALE_REVISION',
  'JOB_ENDED',
  'JOB_NOT_HELD',
  'LEASE_LOST',
  'IDEMPOTENCY_KEY_REUSED',
  'ENVIRONMENT_NOT_FOUND',
  'ENVIRONMENT_NOT_MADE',
  'ENVIRONMENT_IN_USE',
  'ENVIRONMENT_NAME_TAKEN',
  'ENVIRONMENT_NAME_FULL',
  'ENVIRONMENT_SHARE_USED',
  'SSH_CLOSED',
])
/** Said without an error: by /readyz, by a hold, or for a fault that nobody foresaw. */
const SPOKEN: Record<string, { transient: boolean }> = {
  STORE_NOT_DURABLE: { transient: false },
  CLUSTER_UNATTENDED: { transient: false },
  JOB_UNACCOUNTED: { transient: false },
  JOB_DIRECTORY_GONE: { transient: false },
  SLURM_SLOW: { transient: false },
  BUG: { transient: true },
}

const transientOf: Record<string, boolean> = Object.fromEntries([
  ...Object.entries(SLURM_ERRORS).map(([code, { transient }]) => [code, transient]),
  ...ORCHESTRATOR_ERROR_CODES.map(code => [code, new OrchestratorError(code, '').transient]),
  ...Object.entries(SPOKEN).map(([code, { transient }]) => [code, transient]),
])

const rows = tableOf(errors, ['code', 'tried again', 'what it says'])

test("README's table of codes names every one that a person can meet, and no other", () => {
  const known = Object.keys(transientOf).filter(code => !UNSEEN.has(code))
  assert.deepEqual(rows.map(([code]) => code).sort(), known.sort())
})

test('what README says about trying again is what the ladder does', () => {
  for (const [code = '', again] of rows) {
    const transient = transientOf[code] ?? false
    const does =
      isClusterFault(code) || isPatience(code)
        ? 'as long as it takes'
        : waitMs(code, transient, 0) === null
          ? 'no'
          : 'for a while'
    assert.equal(again, does, code)
  }
})
