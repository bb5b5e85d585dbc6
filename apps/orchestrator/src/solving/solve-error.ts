// Every way in which a solve ends without a lock, with whether asking again can help. http/problems.ts gives them their statuses.
import type { Finding } from '@trotline/contracts'

const CATALOGUE = {
  /** The spec says what cannot be asked of a solver. */
  SPEC_REFUSED: { transient: false },
  /** No set of packages fits the spec on that target. */
  SOLVE_IMPOSSIBLE: { transient: false },
  /** A channel that the operator has not configured. */
  CHANNEL_REFUSED: { transient: false },
  CHANNEL_NOT_FOUND: { transient: false },
  CHANNEL_DENIED: { transient: false },
  /** No connection, 5xx, a time limit. */
  CHANNEL_AWAY: { transient: true },
  /** It answered, and not with repodata: another format, cut off, another hash, more than is read. */
  CHANNEL_GARBAGE: { transient: false },
  /** This server cannot keep what it was sent: its disk or quota is full. */
  STORAGE_FULL: { transient: true },
  SNAPSHOT_GONE: { transient: false },
  SOLVE_TIME_LIMIT: { transient: false },
  SOLVE_MEMORY_LIMIT: { transient: false },
  SOLVE_CANCELLED: { transient: false },
  /** The solver ended without an answer: a bug in it, so the same problem ends the same way. */
  SOLVER_DIED: { transient: false },
  SOLVE_BUSY: { transient: true },
  PIP_REFUSED: { transient: false },
} as const satisfies Record<string, { transient: boolean }>

export type SolveErrorCode = keyof typeof CATALOGUE
export const SOLVE_ERROR_CODES = Object.keys(CATALOGUE) as SolveErrorCode[]

/** As packages/environment has them: line and column count from 1; null where the place is not known. */
export type SolveFinding = Finding & { line: number | null; column: number | null }

export class SolveError extends Error {
  override readonly name = 'SolveError'
  readonly code: SolveErrorCode
  readonly transient: boolean
  /** For people, most important first; the first says what `message` says. */
  readonly findings: readonly SolveFinding[]
  /** The solver's own explanation, of several lines; null: it gave none. */
  readonly tree: string | null
  /** For logs. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: SolveErrorCode,
    message: string,
    options: {
      findings?: readonly SolveFinding[]
      tree?: string | null
      details?: Record<string, unknown>
      cause?: unknown
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.transient = CATALOGUE[code].transient
    this.findings = options.findings ?? []
    this.tree = options.tree ?? null
    this.details = options.details ?? {}
  }
}
