// Questions that come in one turn of the event loop go to Redis as one: half of what a small question costs is sending it.

/**
 * Asks about `most` at a time. Each question is sent after it was asked, so its answer is never older than that.
 * Where asking fails, it fails for all that were asked together.
 */
export function together<T>(most: number, ask: (ids: readonly string[]) => Promise<readonly T[]>) {
  let waiting: { id: string; resolve: (answer: T) => void; reject: (error: unknown) => void }[] = []

  function send(): void {
    const all = waiting
    waiting = []
    for (let from = 0; from < all.length; from += most) {
      const part = all.slice(from, from + most)
      ask(part.map(({ id }) => id)).then(
        answers => {
          for (const [i, { resolve }] of part.entries()) resolve(answers[i] as T)
        },
        error => {
          for (const { reject } of part) reject(error)
        },
      )
    }
  }

  return (id: string): Promise<T> =>
    new Promise((resolve, reject) => {
      if (waiting.push({ id, resolve, reject }) === 1) setImmediate(send)
    })
}
