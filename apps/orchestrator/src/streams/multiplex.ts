// Many sources through one door, in the order in which they have something. A source is asked for its next only when whoever reads has taken
// the one before: so nothing is held for a slow reader but one item of each source.

/** Ends when all sources have; @throws what the first source that failed threw. A reader that leaves ends them all. */
export async function* multiplex<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const iterators = sources.map(source => source[Symbol.asyncIterator]())
  const ready: { from: AsyncIterator<T>; result: IteratorResult<T> }[] = []
  let failure: { error: unknown } | null = null
  let wake: (() => void) | null = null
  const ask = (from: AsyncIterator<T>): void => {
    from.next().then(
      result => {
        ready.push({ from, result })
        wake?.()
      },
      error => {
        failure ??= { error }
        wake?.()
      },
    )
  }
  let open = iterators.length
  for (const iterator of iterators) ask(iterator)
  try {
    while (open > 0) {
      const one = ready.shift()
      if (one === undefined) {
        if (failure !== null) throw (failure as { error: unknown }).error
        await new Promise<void>(resolve => {
          wake = resolve
        })
        wake = null
      } else if (one.result.done) open -= 1
      else {
        yield one.result.value
        ask(one.from)
      }
    }
  } finally {
    // Not waited for: one that is waiting for news ends when its signal says so.
    for (const iterator of iterators) iterator.return?.().catch(() => undefined)
  }
}
