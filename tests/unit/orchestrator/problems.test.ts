import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Problem } from '@trotline/contracts'
import { SLURM_ERRORS, SlurmError, type SlurmErrorCode } from '@trotline/slurm'
import {
  ORCHESTRATOR_ERROR_CODES,
  OrchestratorError,
  type OrchestratorErrorCode,
} from '../../../apps/orchestrator/src/errors.ts'
import {
  PROBLEMS,
  type ProblemCode,
  ProblemError,
  problemBody,
  problemCodeOf,
} from '../../../apps/orchestrator/src/http/problems.ts'
import {
  SOLVE_ERROR_CODES,
  SolveError,
  type SolveErrorCode,
} from '../../../apps/orchestrator/src/solving/solve-error.ts'

/** null: stays inside the server; where it came out all the same it would be a bug, answered 500 and logged. */
const STATUS: Record<OrchestratorErrorCode, number | null> = {
  CONFIG_INVALID: null,
  STORE_UNREACHABLE: 503,
  STORE_RECORD_UNREADABLE: null,
  JOB_NOT_FOUND: 404,
  JOB_STALE_REVISION: 503,
  JOB_ENDED: 409,
  JOB_NOT_HELD: 409,
  LEASE_LOST: null,
  IDEMPOTENCY_KEY_REUSED: 409,
  CLUSTER_UNKNOWN: 503,
  CLUSTER_NOT_OWNED: 503,
  CLUSTER_RESTING: 503,
  CLUSTER_CEILING: 503,
  SITE_LIMIT: null,
  CLUSTER_PAUSED: null,
  DIRECTORY_REFUSED: null,
  WORK_DIR_AWAY: 503,
  RELEASE_MISSING: null,
  RELEASE_DAMAGED: null,
  RELEASE_GONE: null,
  ENVIRONMENT_NOT_FOUND: 404,
  ENVIRONMENT_NOT_MADE: 404,
  ENVIRONMENT_IN_USE: 409,
  ENVIRONMENT_NAME_TAKEN: 403,
  ENVIRONMENT_NAME_FULL: 422,
  ENVIRONMENT_SHARE_USED: 422,
  LOG_SEARCH_BUSY: 503,
  LOG_SEARCH_FAILED: 503,
  SUBMISSION_UNKNOWABLE: null,
  RESULT_UNREADABLE: null,
}

const statusOf = (error: unknown): number | null => {
  const code = problemCodeOf(error)
  return code === null ? null : PROBLEMS[code].status
}

describe('problems', () => {
  test('every error of the server has its status, or stays inside', () => {
    const found = Object.fromEntries(
      ORCHESTRATOR_ERROR_CODES.map(code => [code, statusOf(new OrchestratorError(code, 'x'))]),
    )
    assert.deepEqual(found, STATUS)
  })

  test('every way in which a solve ends has a status', () => {
    const found = Object.fromEntries(SOLVE_ERROR_CODES.map(code => [code, statusOf(new SolveError(code, 'x'))]))
    assert.deepEqual(found, {
      SPEC_REFUSED: 422,
      SOLVE_IMPOSSIBLE: 422,
      CHANNEL_REFUSED: 422,
      CHANNEL_NOT_FOUND: 502,
      CHANNEL_DENIED: 502,
      CHANNEL_AWAY: 503,
      CHANNEL_GARBAGE: 502,
      STORAGE_FULL: 507,
      SNAPSHOT_GONE: 410,
      SOLVE_TIME_LIMIT: 504,
      SOLVE_MEMORY_LIMIT: 504,
      SOLVE_CANCELLED: 503,
      SOLVER_DIED: 500,
      SOLVE_BUSY: 503,
      PIP_REFUSED: 422,
    } satisfies Record<SolveErrorCode, number>)
  })

  test('whatever Slurm or SSH could not do is the cluster’s fault, not the caller’s', () => {
    for (const code of Object.keys(SLURM_ERRORS) as SlurmErrorCode[]) {
      assert.equal(problemCodeOf(new SlurmError(code)), 'cluster-unreachable', code)
    }
  })

  test('an error that nobody named is a bug', () => {
    for (const error of [
      new Error('x'),
      new TypeError('x'),
      Object.assign(new Error('x'), { code: 'EACCES' }),
      'text',
      null,
    ]) {
      assert.equal(problemCodeOf(error), null)
    }
  })

  test('a decided answer is kept', () => {
    for (const code of Object.keys(PROBLEMS) as ProblemCode[]) {
      assert.equal(problemCodeOf(new ProblemError(code, 'x')), code)
    }
  })

  test('every problem is an error status with a title', () => {
    for (const [code, { status, title }] of Object.entries(PROBLEMS)) {
      assert.ok(status >= 400 && status < 600, code)
      assert.match(code, /^[a-z-]+$/)
      assert.match(title, /^[A-Z]/)
    }
  })

  test('a body fits the contract, points at its page, and has findings only where there are some', () => {
    const about = { detail: 'x', instance: 'r1', baseUrl: 'https://t.example' }
    const bare = Problem.parse(problemBody('job-not-found', about))
    assert.deepEqual(
      [bare.type, bare.status, 'findings' in bare],
      ['https://t.example/guide/errors/job-not-found', 404, false],
    )
    const full = Problem.parse(problemBody('invalid-request', { ...about, findings: [{ pointer: '/a', detail: 'b' }] }))
    assert.deepEqual(full.findings, [{ pointer: '/a', detail: 'b' }])
  })
})
