// Keeps at most one connection, opens it on use, and says how it stands.
//
// unused -> connecting -> connected -> down -> connecting ... ; closed is final.
//   connecting  entered by the first use, or the first use after "down" once the back-off has passed
//   down        the connection was lost, or could not be opened; uses within the back-off fail at once with the last error
// Back-off: nothing after a connection that lived for LIVED_MS, else 250 ms doubling to 15 s. A use waits for up to
// PATIENCE_MS of it, so that short outages are not noticed; beyond that it fails, so that callers learn the truth soon.
import { setTimeout as sleep } from 'node:timers/promises'
import { SlurmError } from './errors.ts'
import type { SshConnection } from './ssh2-connection.ts'
import type { TransportHealth } from './transport.ts'

const LIVED_MS = 5_000
const FIRST_BACK_OFF_MS = 250
const LONGEST_BACK_OFF_MS = 15_000
const PATIENCE_MS = 2_000

export class ConnectionKeeper {
  readonly #open: () => Promise<SshConnection>
  #current: Promise<SshConnection> | null = null
  #failures = 0
  #nextTryAt = 0
  #health: TransportHealth = { state: 'unused', since: Date.now(), lastError: null }

  constructor(open: () => Promise<SshConnection>) {
    this.#open = open
  }

  get health(): TransportHealth {
    return this.#health
  }

  /** @throws SlurmError SSH_UNREACHABLE, SSH_HOST_KEY, SSH_AUTH, SSH_CLOSED. */
  async get(): Promise<SshConnection> {
    for (;;) {
      if (this.#health.state === 'closed') throw new SlurmError('SSH_CLOSED')
      if (this.#current) return this.#current
      const waitMs = this.#nextTryAt - Date.now()
      if (waitMs <= 0) return this.connectNow()
      const { lastError } = this.#health
      if (waitMs > PATIENCE_MS && lastError) {
        throw new SlurmError(lastError.code, { message: `next try in ${Math.ceil(waitMs / 1000)} s`, cause: lastError })
      }
      await sleep(waitMs)
    }
  }

  connectNow(): Promise<SshConnection> {
    if (this.#health.state === 'closed') return Promise.reject(new SlurmError('SSH_CLOSED'))
    if (this.#current) return this.#current
    this.#enter('connecting', this.#health.lastError)
    const attempt = this.#attempt()
    this.#current = attempt
    return attempt
  }

  async close(): Promise<void> {
    const current = this.#current
    this.#current = null
    this.#enter('closed', null)
    await current?.then(
      connection => connection.end(),
      () => {},
    )
  }

  async #attempt(): Promise<SshConnection> {
    try {
      const connection = await this.#open()
      if (this.#health.state === 'closed') {
        connection.end()
        throw new SlurmError('SSH_CLOSED')
      }
      this.#enter('connected', null)
      connection.onLost(error => this.#down(error))
      return connection
    } catch (error) {
      this.#down(error)
      throw error
    }
  }

  #down(error: unknown): void {
    if (this.#health.state === 'closed') return
    const backOffMs = Math.min(FIRST_BACK_OFF_MS * 2 ** this.#failures, LONGEST_BACK_OFF_MS)
    const lived = this.#health.state === 'connected' && Date.now() - this.#health.since >= LIVED_MS
    this.#failures = lived ? 0 : this.#failures + 1
    this.#nextTryAt = lived ? 0 : Date.now() + backOffMs
    this.#current = null
    const lastError = error instanceof SlurmError ? error : new SlurmError('SSH_UNREACHABLE', { cause: error })
    this.#enter('down', lastError)
  }

  #enter(state: TransportHealth['state'], lastError: SlurmError | null): void {
    this.#health = { state, since: Date.now(), lastError }
  }
}
