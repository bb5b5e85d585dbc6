// The one error class of this room, and the catalogue of its codes.
// Whether a fault is worth another try is decided here, per code, never by a caller and never from a message.

export const SLURM_ERRORS = {
  SSH_UNREACHABLE: { transient: true, title: 'The SSH server could not be reached' },
  SSH_LOST: { transient: true, title: 'The connection was lost before an exit status was seen' },
  SSH_TIMEOUT: { transient: true, title: 'The command did not end within its time limit' },
  SSH_OUTPUT_LIMIT: { transient: true, title: 'The command printed more than its output limit' },
  SSH_CHANNELS_REFUSED: { transient: true, title: 'The SSH server keeps refusing new channels' },
  SSH_CLOSED: { transient: false, title: 'The transport was closed by its owner' },
  SSH_HOST_KEY: { transient: false, title: 'The host key is not the one known for this host' },
  SSH_AUTH: { transient: false, title: 'The SSH server refused our key' },
  FILE_DENIED: { transient: false, title: 'The file may not be read or written by this user' },
  FILE_FAILED: { transient: true, title: 'The file could not be read or written' },
  SLURM_UNREACHABLE: { transient: true, title: 'Slurm could not be asked' },
  SLURM_UNREADABLE: { transient: true, title: 'The answer of Slurm has another shape than expected' },
  SLURM_REJECTED: { transient: false, title: 'Slurm refused the command' },
  SLURM_FILES_DAMAGED: {
    transient: true,
    title: 'Files in the job directory are missing or differ from what was sent',
  },
  SLURM_STEP_BUSY: { transient: true, title: 'Another submission step holds the lock of this job directory' },
} as const satisfies Record<string, { transient: boolean; title: string }>

export type SlurmErrorCode = keyof typeof SLURM_ERRORS

/** Evidence for logs: argv, exit code, first and last of stderr, the line that did not fit. Never for end users. */
export type SlurmErrorDetails = Readonly<Record<string, unknown>>

export class SlurmError extends Error {
  readonly code: SlurmErrorCode
  /** True: nothing was learned, and the same question may be answered later. */
  readonly transient: boolean
  readonly details: SlurmErrorDetails

  constructor(code: SlurmErrorCode, options: { message?: string; details?: SlurmErrorDetails; cause?: unknown } = {}) {
    const { title, transient } = SLURM_ERRORS[code]
    super(options.message ? `${title}: ${options.message}` : title, 'cause' in options ? { cause: options.cause } : {})
    this.name = 'SlurmError'
    this.code = code
    this.transient = transient
    this.details = options.details ?? {}
  }
}

/** The beginning and the end of a long text, for error details. */
export function excerpt(text: string, keepChars = 500): string {
  const cut = text.length - 2 * keepChars
  return cut <= 0 ? text : `${text.slice(0, keepChars)}\n[${cut} characters left out]\n${text.slice(-keepChars)}`
}
