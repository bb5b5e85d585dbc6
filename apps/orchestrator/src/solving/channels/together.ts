// Several pieces of work as one: ended by the first that fails or by whoever does not want it any more, with one kind of error.
import { setMaxListeners } from 'node:events'
import { SolveError } from '../solve-error.ts'
import { storageFault } from './channel-faults.ts'

/** What ends because a signal was aborted is SOLVE_CANCELLED, and what the disk refuses STORAGE_FULL. */
export async function withFaults<Result>(
  signals: readonly AbortSignal[],
  directory: string,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const signal = AbortSignal.any([...signals])
  // Each document listens to it: that many are no leak.
  setMaxListeners(0, signal)
  try {
    return await work(signal)
  } catch (error) {
    if (!signal.aborted || error instanceof SolveError) throw storageFault(error, directory) ?? error
    throw new SolveError('SOLVE_CANCELLED', 'Nobody waits for this any more.', { cause: error })
  }
}

/** The first error ends the others, and comes out when they have ended. */
export async function allOrFirstError<Item, Result>(
  signal: AbortSignal,
  items: readonly Item[],
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const others = new AbortController()
  const both = AbortSignal.any([signal, others.signal])
  setMaxListeners(0, both)
  let first: { error: unknown } | undefined
  const results = await Promise.allSettled(
    items.map(item =>
      work(item, both).catch(error => {
        first ??= { error }
        others.abort()
        throw error
      }),
    ),
  )
  if (first !== undefined) throw first.error
  return results.map(result => (result as PromiseFulfilledResult<Result>).value)
}
