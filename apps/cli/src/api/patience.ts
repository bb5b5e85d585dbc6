// How long a lost connection is tried again: quickly at first, then every 5 s, until the patience is used up.
// A sign of life resets it, so an outage is measured from its own beginning.
import { waitBeforeMs } from '@trotline/client'
import type { CliError } from '../errors.ts'
import { pause } from './pause.ts'

/** A line that broke is usually there again at once: a proxy's limit, a server that starts anew. */
const AT_ONCE_MS = 100

export type Patience = {
  /** Waits until it is time to ask again; throws the error once the patience is used up. */
  again(error: CliError): Promise<void>
  /** The server answered. Returns how long it was away, null where it was not. */
  answered(): number | null
}

export function createPatience(options: {
  patienceMs: number
  signal: AbortSignal
  /** Told before each further try: the outage so far and what is left of the patience. */
  onTry: (attempt: number, error: CliError, leftMs: number) => void
  now?: () => number
}): Patience {
  const { patienceMs, signal, onTry, now = () => performance.now() } = options
  let since: number | null = null
  let tries = 0
  return {
    again: async error => {
      since ??= now()
      const leftMs = since + patienceMs - now()
      if (leftMs <= 0) throw error
      tries += 1
      onTry(tries, error, leftMs)
      const waitMs = Math.min(tries === 1 ? AT_ONCE_MS : waitBeforeMs(tries - 1), Math.max(leftMs, 1))
      await pause(waitMs, signal)
    },
    answered: () => {
      const awayMs = since === null ? null : now() - since
      since = null
      tries = 0
      return awayMs
    },
  }
}
