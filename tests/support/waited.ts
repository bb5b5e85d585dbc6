// What a thread waited for a processor. A bound on time that leaves it out holds on a loaded machine as on an idle one.
import { readFileSync } from 'node:fs'

const schedstat = (): number[] => readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ').map(Number)
/** Not by kernels without CONFIG_SCHED_INFO, nor by those that merely stand in for Linux: there is no such file, or there are zeros in it. */
const isTold = ((): boolean => {
  try {
    return (schedstat()[0] ?? 0) > 0
  } catch {
    return false
  }
})()

/**
 * How long this thread was ready to run and did not: the second figure of schedstat, in nanoseconds (Linux, Documentation/scheduler).
 * Where it is not told, as if it never waited: bounds are no laxer then.
 */
export const waitedMs = (): number => (isTold ? (schedstat()[1] ?? 0) / 1e6 : 0)

/** How long this thread has run: the first figure; where it is not told, the time that has passed. */
export const ranMs = (): number => (isTold ? (schedstat()[0] ?? 0) / 1e6 : performance.now())

/** A watch that stands while the thread waits for a processor. */
export function startWatch(): () => number {
  const [began, waited] = [performance.now(), waitedMs()]
  return () => performance.now() - began - (waitedMs() - waited)
}
