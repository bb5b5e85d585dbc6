// Who may solve now: some at once, others in the order in which they came, and no more than a limit of those. Owners take turns: whoever sends
// fifty specs waits for them, and nobody else does.
import { SolveError } from './solve-error.ts'

export interface SolveQueue {
  /**
   * A place among those that are solved or wait; `leave` is owed once.
   *
   * @throws SolveError SOLVE_BUSY, also where half of all are of that owner
   */
  enter(owner?: string): Place
}

export interface Place {
  /** Settles when it is this one's turn. @throws SolveError SOLVE_CANCELLED when `signal` is aborted first */
  turn(signal: AbortSignal): Promise<void>
  leave(): void
}

interface Owner {
  inside: number
  /** Which start of all its last one was; 0: none, of those that are inside. */
  startedLast: number
}

export function createSolveQueue({ atOnce, waiting }: { atOnce: number; waiting: number }): SolveQueue {
  /** In the order in which they entered; one that came first may still be waiting for its channels. */
  const lined: { number: number; one: Owner; start: () => void }[] = []
  const owners = new Map<string, Owner>()
  const mostOfOne = Math.ceil((atOnce + waiting) / 2)
  let entered = 0
  let started = 0
  let inside = 0
  let running = 0

  function next(): void {
    while (running < atOnce) {
      const first = lined.toSorted((a, b) => a.one.startedLast - b.one.startedLast || a.number - b.number)[0]
      if (first === undefined) return
      lined.splice(lined.indexOf(first), 1)
      running++
      first.one.startedLast = ++started
      first.start()
    }
  }

  return {
    enter(owner) {
      // Without an owner each is one of its own.
      const one = (owner === undefined ? undefined : owners.get(owner)) ?? { inside: 0, startedLast: 0 }
      if (one.inside >= mostOfOne)
        throw new SolveError(
          'SOLVE_BUSY',
          `${one.inside} specs of yours are being solved or wait for it, which is as many as one may have; send it again in a while.`,
        )
      if (inside >= atOnce + waiting)
        throw new SolveError(
          'SOLVE_BUSY',
          `${inside} specs are being solved or wait for it, which is the limit; send it again in a while.`,
        )
      inside++
      one.inside++
      if (owner !== undefined) owners.set(owner, one)
      const number = entered++
      let state: 'outside' | 'lined' | 'running' | 'left' = 'outside'
      return {
        turn: signal =>
          new Promise((resolve, reject) => {
            const cancel = (): void => {
              const at = lined.indexOf(entry)
              if (at !== -1) lined.splice(at, 1)
              state = 'outside'
              reject(cancelled())
            }
            const entry = {
              number,
              one,
              start: (): void => {
                state = 'running'
                signal.removeEventListener('abort', cancel)
                resolve()
              },
            }
            if (signal.aborted) return reject(cancelled())
            signal.addEventListener('abort', cancel, { once: true })
            state = 'lined'
            lined.push(entry)
            next()
          }),
        leave() {
          if (state === 'left') return
          if (state === 'running') running--
          state = 'left'
          inside--
          one.inside--
          if (owner !== undefined && one.inside === 0) owners.delete(owner)
          next()
        },
      }
    },
  }
}

export const cancelled = (): SolveError => new SolveError('SOLVE_CANCELLED', 'The solve was cancelled.')
