// Adds up the time that reporting takes from the training thread: the promise is at most 1 % of the fit.

export interface Stopwatch {
  /** Nested calls count once. Only the synchronous part of `work` is measured: the rest is waiting, not work. */
  measure<T>(work: () => T): T
  seconds(): number
}

export function createStopwatch(now: () => number = () => performance.now()): Stopwatch {
  let total = 0
  let depth = 0
  return {
    measure(work) {
      const from = now()
      depth += 1
      try {
        return work()
      } finally {
        depth -= 1
        if (depth === 0) total += now() - from
      }
    },
    seconds: () => total / 1000,
  }
}
