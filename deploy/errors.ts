// What can go wrong in deploy: with the machine, the local cluster on it, the quickstart. One code each.
// `transient` says whether the same call may work later without anybody doing anything.

const CATALOGUE = {
  PROGRAMS_MISSING: { transient: false },
  PACKAGES_MISSING: { transient: false },
  INSTALL_FAILED: { transient: true },
  BUILD_FAILED: { transient: false },
  JOB_NOT_COMPLETED: { transient: false },
  HOME_UNUSABLE: { transient: false },
  HOST_NAME_UNRESOLVED: { transient: false },
  NOT_UP: { transient: false },
  DAEMON_UNKNOWN: { transient: false },
  DAEMON_FAILED: { transient: true },
  BUSY: { transient: true },
  INTERRUPTED: { transient: true },
} as const

export type DeployErrorCode = keyof typeof CATALOGUE

export class DeployError extends Error {
  readonly code: DeployErrorCode
  readonly transient: boolean
  readonly details: Record<string, unknown>

  constructor(
    code: DeployErrorCode,
    message: string,
    { details = {}, cause }: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.name = 'DeployError'
    this.code = code
    this.transient = CATALOGUE[code].transient
    this.details = details
  }
}
