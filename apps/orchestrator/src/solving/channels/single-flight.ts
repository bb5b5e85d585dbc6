// Those who want the same thing at the same time share one piece of work. It goes on as long as one of them still wants it, and is ended with
// the last.

export interface SingleFlight<Told, Result> {
  /**
   * Joins the work of that key, or begins it. Rejects with the signal's reason when the signal is aborted. The work sees its own signal aborted when nobody is
   * left; the last to leave waits until it has ended.
   */
  run(
    key: string,
    options: { signal: AbortSignal; onTold: (told: Told) => void },
    work: (signal: AbortSignal, tell: (told: Told) => void) => Promise<Result>,
  ): Promise<Result>
  /** Ends all work, and waits for it. */
  close(): Promise<void>
}

interface Flight<Told, Result> {
  result: Promise<Result>
  controller: AbortController
  listeners: Set<(told: Told) => void>
}

export function createSingleFlight<Told, Result>(): SingleFlight<Told, Result> {
  const flights = new Map<string, Flight<Told, Result>>()

  const begin = (
    key: string,
    work: (signal: AbortSignal, tell: (told: Told) => void) => Promise<Result>,
  ): Flight<Told, Result> => {
    const controller = new AbortController()
    const listeners = new Set<(told: Told) => void>()
    const tell = (told: Told): void => {
      for (const listener of listeners) listener(told)
    }
    const flight: Flight<Told, Result> = {
      controller,
      listeners,
      result: (async () => await work(controller.signal, tell))().finally(() => {
        if (flights.get(key) === flight) flights.delete(key)
      }),
    }
    // Whoever left does not hear of it any more.
    flight.result.catch(() => undefined)
    flights.set(key, flight)
    return flight
  }

  return {
    run: async (key, { signal, onTold }, work) => {
      signal.throwIfAborted()
      const flight = flights.get(key) ?? begin(key, work)
      // One listener of this caller's own, even where two callers hand in the same function.
      const listener = (told: Told): void => onTold(told)
      flight.listeners.add(listener)
      let onAbort: (() => void) | undefined
      const aborted = new Promise<never>((_, reject) => {
        onAbort = () => reject(signal.reason)
        signal.addEventListener('abort', onAbort, { once: true })
      })
      try {
        return await Promise.race([flight.result, aborted])
      } finally {
        if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
        flight.listeners.delete(listener)
        if (flight.listeners.size === 0) {
          // Who comes now begins anew.
          if (flights.get(key) === flight) flights.delete(key)
          flight.controller.abort()
          // What it has begun is taken away before anybody is told.
          await flight.result.catch(() => undefined)
        }
      }
    },
    close: async () => {
      const all = [...flights.values()]
      for (const { controller } of all) controller.abort()
      await Promise.allSettled(all.map(({ result }) => result))
    },
  }
}
