// Preparing data takes minutes where there is much of it: between two pieces of that work, each of some ms, the event loop has its turn.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { throwIfStopped } from '../errors.ts'

/** @throws Stopped where the signal is aborted */
export async function takeTurn(signal: AbortSignal): Promise<void> {
  await nextTurn()
  throwIfStopped(signal)
}
