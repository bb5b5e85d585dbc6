// When the loop lets the event loop have a turn. Signals, timers and reports wait at most 50 ms (DESIGN 7): this asks for a
// turn after 20, which leaves room for the batch under way (at most a few ms on the slowest backend).
const TURN_EVERY_MS = 20

export interface Pace {
  /** The signal was aborted: stop at once. */
  readonly stopped: boolean
  /** True when the event loop is owed a turn. `now`: the clock, of who has just looked at it. */
  due(now?: number): boolean
  /** Gives the event loop its turn. */
  rest(): Promise<void>
}

export function createPace(signal: AbortSignal): Pace {
  // The first turn is owed at once: reading and preparing the data has taken its time.
  let last = Number.NEGATIVE_INFINITY
  return {
    get stopped() {
      return signal.aborted
    },
    due: (now = performance.now()) => now - last >= TURN_EVERY_MS,
    async rest() {
      // Between two of these the event loop passes through timers and I/O; a resolved promise would not let it.
      await new Promise<void>(resolve => setImmediate(resolve))
      last = performance.now()
    },
  }
}
