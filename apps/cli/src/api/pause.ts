// A wait that Ctrl-C ends.
import { setTimeout as sleep } from 'node:timers/promises'
import { interrupted } from './exchange.ts'

/** @throws CliError INTERRUPTED when the signal is aborted */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(cause => {
    throw interrupted(cause)
  })
}
