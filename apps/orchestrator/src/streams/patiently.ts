// An open stream outlives a store that is slow or away for a moment: ended, all its readers would come back at once, to a store
// that has enough to do. A new request has no such patience; it is answered 503.
import { setTimeout as sleep } from 'node:timers/promises'
import { isCoded } from '../errors.ts'

const LOOK_AGAIN_MS = 250
/** Shorter than a stream may be silent (http/event-stream.ts). */
const PATIENCE_MS = 10_000

/** @throws what the look threw last, when it is no passing trouble, when patience ends or when the reader has left */
export async function patiently<T>(look: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await look()
    } catch (error) {
      if (!isCoded(error) || !error.transient || signal.aborted || performance.now() > endMs) throw error
    }
    await sleep(LOOK_AGAIN_MS)
  }
}
