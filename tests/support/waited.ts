// What a thread waited for a processor. A bound on time that leaves it out holds on a loaded machine as on an idle one.
import { readFileSync } from 'node:fs'

const schedstat = (): string[] => readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')

/** How long this thread was ready to run and did not: the second figure of schedstat, in nanoseconds (Linux, Documentation/scheduler). */
export const waitedMs = (): number => Number(schedstat()[1]) / 1e6

/** How long this thread has run: the first figure. */
export const ranMs = (): number => Number(schedstat()[0]) / 1e6

/** A watch that stands while the thread waits for a processor. */
export function startWatch(): () => number {
  const [began, waited] = [performance.now(), waitedMs()]
  return () => performance.now() - began - (waitedMs() - waited)
}
