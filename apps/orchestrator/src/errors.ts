// Every broken promise of the server, with whether asking again can help. http/problems.ts gives them their statuses.

const CATALOGUE = {
  CONFIG_INVALID: { transient: false },
  STORE_UNREACHABLE: { transient: true },
  STORE_RECORD_UNREADABLE: { transient: false },
  JOB_NOT_FOUND: { transient: false },
  JOB_STALE_REVISION: { transient: true },
  JOB_ENDED: { transient: false },
  JOB_NOT_HELD: { transient: false },
  LEASE_LOST: { transient: true },
  IDEMPOTENCY_KEY_REUSED: { transient: false },
  CLUSTER_UNKNOWN: { transient: false },
  CLUSTER_NOT_OWNED: { transient: true },
  CLUSTER_RESTING: { transient: true },
  CLUSTER_CEILING: { transient: true },
  SITE_LIMIT: { transient: true },
  CLUSTER_PAUSED: { transient: true },
  DIRECTORY_REFUSED: { transient: false },
  WORK_DIR_AWAY: { transient: true },
  RELEASE_MISSING: { transient: false },
  RELEASE_DAMAGED: { transient: true },
  RELEASE_GONE: { transient: false },
  /** No lock of that id, prefix or name is kept. */
  ENVIRONMENT_NOT_FOUND: { transient: false },
  /** It was never asked for on that cluster, or is not ready there. */
  ENVIRONMENT_NOT_MADE: { transient: false },
  /** Jobs that are not over need it. */
  ENVIRONMENT_IN_USE: { transient: false },
  ENVIRONMENT_NAME_TAKEN: { transient: false },
  ENVIRONMENT_NAME_FULL: { transient: false },
  /** Of what an owner may keep. */
  ENVIRONMENT_SHARE_USED: { transient: false },
  /** One at a time for each identity: others ask again. */
  LOG_SEARCH_BUSY: { transient: true },
  LOG_SEARCH_FAILED: { transient: true },
  SUBMISSION_UNKNOWABLE: { transient: false },
  RESULT_UNREADABLE: { transient: false },
} as const satisfies Record<string, { transient: boolean }>

export type OrchestratorErrorCode = keyof typeof CATALOGUE
export const ORCHESTRATOR_ERROR_CODES = Object.keys(CATALOGUE) as OrchestratorErrorCode[]

export class OrchestratorError extends Error {
  override readonly name = 'OrchestratorError'
  readonly code: OrchestratorErrorCode
  readonly transient: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: OrchestratorErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.transient = CATALOGUE[code].transient
    this.details = options.details ?? {}
  }
}

/** Any error that says of itself whether asking again can help: ours, packages/slurm's, those to come. */
export interface CodedError extends Error {
  readonly code: string
  readonly transient: boolean
}

export const isCoded = (error: unknown): error is CodedError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && 'transient' in error
