// How often and how long a call is made again whose answer was lost, or whose server is away for a while.
import { type Fault, mayPass, Refused } from './faults.ts'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 5_000

/** Before the try after `tries` that failed: quickly at first, then every 5 s. */
export const waitBeforeMs = (tries: number): number => Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS)

/** What the server wants waited, from `retry-after` in seconds; 0: it says nothing. */
function wantedMs(fault: Fault): number {
  const seconds = Number((fault instanceof Refused ? fault.headers : fault.response?.headers)?.get('retry-after') ?? 0)
  return Number.isFinite(seconds) ? Math.max(0, seconds) * 1000 : 0
}

/** Calls until there is an answer, a fault that does not pass, or no patience left: then the last fault is thrown. */
export async function repeated<T>(
  call: () => Promise<T>,
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal | undefined },
): Promise<T> {
  const until = performance.now() + patienceMs
  for (let tries = 1; ; tries += 1) {
    try {
      return await call()
    } catch (fault) {
      if (!mayPass(fault)) throw fault
      const waitMs = Math.max(waitBeforeMs(tries), wantedMs(fault as Fault))
      if (performance.now() + waitMs > until) throw fault
      await waited(waitMs, signal)
      if (signal?.aborted === true) throw fault
    }
  }
}

const waited = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise(resolve => {
    if (signal?.aborted === true) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
