// The contract between this room and a machine where Slurm's commands run: ask, put, read by offset.
// Drivers: ssh2-transport.ts, local-transport.ts. tests/conformance/transport.ts is what every driver must pass.
import type { SlurmError } from './errors.ts'

export interface CommandResult {
  /** null when the command was ended by a signal. */
  readonly exitCode: number | null
  /** As in signal(7), with its SIG: 'SIGKILL'. */
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  readonly durationMs: number
}

/** Which channel a command waits for: questions never wait behind submissions and file work. */
export type Lane = 'query' | 'submit'

export interface ExecOptions {
  readonly stdin?: string | Uint8Array
  /** From the moment the command is handed over, waiting for a free channel not counted. Default 60,000. */
  readonly timeLimitMs?: number
  /** stdout and stderr together. Default 32 MiB. */
  readonly maxOutputBytes?: number
  /** Default 'submit'. */
  readonly lane?: Lane
  /** Told every whole line of stdout as it comes, without its end; it must not throw. The result has them all again. */
  readonly onLine?: (line: string) => void
}

export type PutContent = string | Uint8Array | { readonly file: string }

export interface FileSlice {
  /** Shorter than asked at the end of the file; empty past it. */
  readonly bytes: Uint8Array
  readonly sizeBytes: number
}

export interface TransportHealth {
  readonly state: 'unused' | 'connecting' | 'connected' | 'down' | 'closed'
  /** When the state was entered, milliseconds since the epoch. */
  readonly since: number
  readonly lastError: SlurmError | null
}

export interface Transport {
  /**
   * Runs argv, never a shell string, in the home directory of the user.
   * Any exit status or signal is an answer; a command that does not exist answers 127, as a shell would.
   *
   * @throws SlurmError SSH_* when no exit status was seen: the command may have run, or may still run. Past its limits it is killed
   *   where the driver can; sshd passes signals on only with privilege separation (not for root), so a command
   *   that must end carries its own timeout(1).
   */
  exec(argv: readonly string[], options?: ExecOptions): Promise<CommandResult>

  /**
   * Writes beside the file and renames over it, so that a reader sees the old content or the new and never a part.
   * The mode is exact (no umask), the content is synced to disk first. The directory must exist.
   *
   * @throws SlurmError SSH_*, FILE_DENIED, FILE_FAILED.
   */
  put(path: string, content: PutContent, options: { readonly mode: number }): Promise<void>

  /**
   * Reads lengthBytes from offset. null means: asked, and there is no such file.
   *
   * @throws SlurmError SSH_*, FILE_DENIED, FILE_FAILED when it could not ask or may not read.
   */
  readAt(path: string, offset: number, lengthBytes: number): Promise<FileSlice | null>

  readonly health: TransportHealth
  /** Optional: the first use connects by itself. Tries at once, whatever the back-off. */
  connect(): Promise<void>
  /** Ends the connection; calls in flight fail with SSH_LOST, later ones with SSH_CLOSED. */
  close(): Promise<void>
}

export const DEFAULT_TIME_LIMIT_MS = 60_000
export const DEFAULT_MAX_OUTPUT_BYTES = 32 * 1024 * 1024
