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
  'attempt-not-found': { status: 404, title: 'The job has no such attempt' },
  'script-not-rendered': { status: 404, title: 'The script has not been rendered yet' },
  'job-ended': { status: 409, title: 'The job has ended already' },
  'job-not-held': { status: 409, title: 'The job is not held' },
  'idempotency-key-reused': { status: 409, title: 'The Idempotency-Key belongs to another request' },
  'body-too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'request-refused': { status: 422, title: 'The request cannot be run as it stands' },
  incompatible: { status: 422, title: 'It cannot run on the chosen partition' },
  'compatibility-unknown': { status: 422, title: 'Nobody can tell whether it runs on the chosen partition' },
  'too-many-streams': { status: 429, title: 'Too many event streams are open' },
  'store-unreachable': { status: 503, title: 'The store could not be asked' },
  'cluster-unreachable': { status: 503, title: 'The cluster could not be asked' },
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
