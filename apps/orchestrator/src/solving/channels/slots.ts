// At most so many at once; the others wait in order.

export interface Slots {
  /** Rejects with the signal's reason where it is aborted while it waits. */
  within<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result>
}

export function createSlots(atOnce: number): Slots {
  let free = atOnce
  const waiting: (() => void)[] = []
  const take = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted()
    if (free > 0) {
      free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const onTurn = (): void => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(onTurn), 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.push(onTurn)
    })
  }
  const giveBack = (): void => {
    const next = waiting.shift()
    if (next === undefined) free++
    else next()
  }
  return {
    within: async (signal, work) => {
      await take(signal)
      try {
        return await work()
      } finally {
        giveBack()
      }
    },
  }
}
