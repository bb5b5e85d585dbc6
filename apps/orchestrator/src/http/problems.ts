// From errors to RFC 9457 answers. The only file that knows statuses; README's table of errors is compared with it.
import type { Finding, Problem } from '@trotline/contracts'
import { isCoded } from '../errors.ts'

export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request does not fit the contract' },
  unauthorized: { status: 401, title: 'No valid bearer token was given' },
  forbidden: { status: 403, title: 'Your token does not allow this' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'job-not-found': { status: 404, title: 'There is no such job' },
  'cluster-not-found': { status: 404, title: 'There is no such cluster' },
  'environment-not-found': { status: 404, title: 'There is no such environment' },
  'environment-not-made': { status: 404, title: 'The environment is not ready on that cluster' },
  'attempt-not-found': { status: 404, title: 'The job has no such attempt' },
  'webhook-not-found': { status: 404, title: 'There is no such webhook' },
  'artifact-not-found': { status: 404, title: 'The job has no such artifact' },
  'script-not-rendered': { status: 404, title: 'The script has not been rendered yet' },
  'job-ended': { status: 409, title: 'The job has ended already' },
  'job-not-held': { status: 409, title: 'The job is not held' },
  'idempotency-key-reused': { status: 409, title: 'The Idempotency-Key belongs to another request' },
  'not-reproducible': { status: 409, title: 'It cannot be repeated as it was' },
  'environment-in-use': { status: 409, title: 'Jobs that are not over need the environment' },
  'snapshot-gone': { status: 410, title: 'That state of the channels is not kept any more' },
  'body-too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'request-refused': { status: 422, title: 'The request cannot be run as it stands' },
  incompatible: { status: 422, title: 'It cannot run on the chosen partition' },
  'compatibility-unknown': { status: 422, title: 'Nobody can tell whether it runs on the chosen partition' },
  'environment-refused': { status: 422, title: 'The environment cannot be read or is not allowed' },
  'environment-impossible': { status: 422, title: 'No set of packages fits the environment there' },
  'too-many-streams': { status: 429, title: 'Too many event streams are open' },
  'solver-failed': { status: 500, title: 'The solver failed on this environment' },
  'channel-unusable': { status: 502, title: 'A channel cannot be used' },
  'channel-unreachable': { status: 503, title: 'A channel could not be asked' },
  'solver-busy': { status: 503, title: 'Too many environments are being solved' },
  'solve-cancelled': { status: 503, title: 'The solve was given up' },
  'solve-limit': { status: 504, title: 'The solve needs more time or memory than it is given' },
  busy: { status: 503, title: 'As much as this does at a time is under way' },
  'store-unreachable': { status: 503, title: 'The store could not be asked' },
  'cluster-unreachable': { status: 503, title: 'The cluster could not be asked' },
  'storage-full': { status: 507, title: 'This server cannot keep what it was sent' },
  internal: { status: 500, title: 'An unexpected fault of the server' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

/** Thrown by routes and caught by the error handler: an answer that is decided. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: ProblemCode
  readonly findings: readonly Finding[]
  readonly judged: Judged

  constructor(problem: ProblemCode, detail: string, findings: readonly Finding[] = [], judged: Judged = {}) {
    super(detail)
    this.problem = problem
    this.findings = findings
    this.judged = judged
  }
}

/** Of a job that was judged: the verdict, and what would run instead. */
export type Judged = Pick<Problem, 'compatibility' | 'nearest'>

const BY_ERROR_CODE: Readonly<Record<string, ProblemCode>> = {
  JOB_NOT_FOUND: 'job-not-found',
  JOB_ENDED: 'job-ended',
  JOB_NOT_HELD: 'job-not-held',
  ENVIRONMENT_NOT_FOUND: 'environment-not-found',
  ENVIRONMENT_NOT_MADE: 'environment-not-made',
  ENVIRONMENT_IN_USE: 'environment-in-use',
  ENVIRONMENT_NAME_TAKEN: 'forbidden',
  ENVIRONMENT_NAME_FULL: 'request-refused',
  ENVIRONMENT_SHARE_USED: 'request-refused',
  SPEC_REFUSED: 'environment-refused',
  PIP_REFUSED: 'environment-refused',
  CHANNEL_REFUSED: 'environment-refused',
  SOLVE_IMPOSSIBLE: 'environment-impossible',
  CHANNEL_NOT_FOUND: 'channel-unusable',
  CHANNEL_DENIED: 'channel-unusable',
  CHANNEL_GARBAGE: 'channel-unusable',
  CHANNEL_AWAY: 'channel-unreachable',
  STORAGE_FULL: 'storage-full',
  SNAPSHOT_GONE: 'snapshot-gone',
  SOLVE_TIME_LIMIT: 'solve-limit',
  SOLVE_MEMORY_LIMIT: 'solve-limit',
  SOLVE_CANCELLED: 'solve-cancelled',
  SOLVER_DIED: 'solver-failed',
  SOLVE_BUSY: 'solver-busy',
  LOG_SEARCH_BUSY: 'busy',
  LOG_SEARCH_FAILED: 'cluster-unreachable',
  IDEMPOTENCY_KEY_REUSED: 'idempotency-key-reused',
  STORE_UNREACHABLE: 'store-unreachable',
  JOB_STALE_REVISION: 'store-unreachable',
  CLUSTER_NOT_OWNED: 'cluster-unreachable',
  CLUSTER_UNKNOWN: 'cluster-unreachable',
  CLUSTER_RESTING: 'cluster-unreachable',
  CLUSTER_CEILING: 'cluster-unreachable',
  WORK_DIR_AWAY: 'cluster-unreachable',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid-request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid-request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-request',
  FST_ERR_BAD_URL: 'invalid-request',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: 'invalid-request',
}

/** null: a bug; answered 500 and logged whole. */
export function problemCodeOf(error: unknown): ProblemCode | null {
  if (error instanceof ProblemError) return error.problem
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = BY_ERROR_CODE[code]
  if (known) return known
  // Whatever packages/slurm could not ask is the cluster's fault, not the caller's.
  if (isCoded(error) && /^(SSH|SLURM|FILE)_/.test(error.code)) return 'cluster-unreachable'
  if (error instanceof SyntaxError && 'statusCode' in error && error.statusCode === 400) return 'invalid-request'
  return null
}

export function problemBody(
  code: ProblemCode,
  about: { detail: string; instance: string; baseUrl: string; findings?: readonly Finding[]; judged?: Judged },
): Problem {
  const { status, title } = PROBLEMS[code]
  const { detail, instance, baseUrl, findings = [], judged = {} } = about
  return {
    type: `${baseUrl}/guide/errors/${code}`,
    status,
    code,
    title,
    detail,
    instance,
    ...(findings.length > 0 ? { findings: [...findings] } : {}),
    ...judged,
  }
}
