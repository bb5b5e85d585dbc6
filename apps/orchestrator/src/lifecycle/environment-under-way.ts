// The solves under way, so that the same problem asked for by several is solved once. It is given up when the last of them gives up.
import type { SolveProgress } from '@trotline/contracts'
import { SolveError } from '../solving/solve-error.ts'
import type { Solution } from '../solving/solver.ts'

export type StartSolve = (signal: AbortSignal, tell: (progress: SolveProgress) => void) => Promise<Solution>

export interface SolvesUnderWay {
  /** @throws SolveError SOLVE_CANCELLED when this one's signal is aborted */
  join(
    problem: string,
    start: StartSolve,
    signal?: AbortSignal,
    onProgress?: (progress: SolveProgress) => void,
  ): Promise<Solution>
}

interface UnderWay {
  controller: AbortController
  solution: Promise<Solution>
  waiting: number
  over: boolean
  listeners: Set<(progress: SolveProgress) => void>
}

export function createSolvesUnderWay(): SolvesUnderWay {
  const all = new Map<string, UnderWay>()

  function begun(problem: string, start: StartSolve): UnderWay {
    const controller = new AbortController()
    const listeners: UnderWay['listeners'] = new Set()
    const solution = start(controller.signal, progress => {
      for (const tell of listeners) tell(progress)
    }).finally(() => {
      one.over = true
      if (all.get(problem) === one) all.delete(problem)
    })
    // Whoever waits is told; when all have gone nobody is.
    solution.catch(() => undefined)
    const one: UnderWay = { controller, solution, waiting: 0, over: false, listeners }
    all.set(problem, one)
    return one
  }

  return {
    async join(problem, start, signal, onProgress) {
      const cancelled = (): SolveError => new SolveError('SOLVE_CANCELLED', 'Whoever asked for the solve has gone.')
      if (signal?.aborted) throw cancelled()
      const one = all.get(problem) ?? begun(problem, start)
      one.waiting++
      if (onProgress) one.listeners.add(onProgress)
      let gone: (() => void) | undefined
      const leaving = new Promise<never>((_, reject) => {
        gone = () => reject(cancelled())
        signal?.addEventListener('abort', gone, { once: true })
      })
      try {
        return await Promise.race([one.solution, leaving])
      } finally {
        if (gone) signal?.removeEventListener('abort', gone)
        if (onProgress) one.listeners.delete(onProgress)
        if (--one.waiting === 0 && !one.over) {
          one.controller.abort()
          if (all.get(problem) === one) all.delete(problem)
        }
      }
    },
  }
}
