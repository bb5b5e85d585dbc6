// Whatever ends a command early: a code, an exit code, a sentence, and what to do about it. text/error-text.ts shows it.
import type { Problem } from '@trotline/contracts'
import { EXIT, type ExitCode, exitOfProblem } from './exit-codes.ts'

/** An answered problem carries its own exit code, by its status. */
const CODES = {
  USAGE: EXIT.usage,
  NO_SERVER: EXIT.usage,
  NO_TOKEN: EXIT.denied,
  NOT_ALLOWED: EXIT.denied,
  NO_SUCH_JOB: EXIT.absent,
  COULD_NOT_ASK: EXIT.unasked,
  PROBLEM: EXIT.fault,
  FAULT: EXIT.fault,
  CONFLICT: EXIT.conflict,
  NOT_ENDED: EXIT.notEnded,
  NOT_AS_SAID: EXIT.failed,
  INTERRUPTED: EXIT.interrupted,
} as const satisfies Record<string, ExitCode>
export type CliErrorCode = keyof typeof CODES

export type LineOf = (pointer: string) => string | null

export type CliErrorOptions = {
  /** What did not happen, for the first line: "Not submitted". */
  failed?: string
  /** Lines that stand under the sentence, such as candidates. */
  facts?: readonly string[]
  /** One thing to do, or the command to type: it stands last. */
  fix?: readonly string[]
  problem?: Problem
  /** Only for COULD_NOT_ASK: the request cannot have reached the server. */
  unsent?: boolean
  /** Only for COULD_NOT_ASK: the status of an answer that is not the server's own. */
  foreign?: number
  /** Where a finding's field stands for the person, such as "auto-mpg.yml:7". */
  lineOf?: LineOf
  cause?: unknown
}

export class CliError extends Error {
  readonly code: CliErrorCode
  readonly exit: ExitCode
  /** Asking again may be answered. */
  readonly transient: boolean
  readonly options: CliErrorOptions

  constructor(code: CliErrorCode, message: string, options: CliErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'CliError'
    this.code = code
    this.exit = options.problem === undefined ? CODES[code] : exitOfProblem(options.problem)
    this.transient = this.exit === EXIT.unasked
    this.options = options
  }

  get problem(): Problem | undefined {
    return this.options.problem
  }

  /** The same error with more said around it: the command that failed knows what it wanted. */
  with({ message, ...more }: CliErrorOptions & { message?: string }): CliError {
    return new CliError(this.code, message ?? this.message, { ...this.options, ...more })
  }
}

export const isTransient = (error: unknown): error is CliError => error instanceof CliError && error.transient

/**
 * A stream that was asked for is answered, and the answer is not about the reader: 401 and 403 say the same of every question. 429: there
 * are too many streams. Or something in between answers in place of a stream; what is broken there (5xx) may be mended.
 */
export function isRefusedStream(error: unknown): boolean {
  if (!(error instanceof CliError)) return false
  const status = error.problem?.status ?? error.options.foreign
  return status !== undefined && status < 500 && status !== 401 && status !== 403
}
