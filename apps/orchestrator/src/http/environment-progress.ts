// A solve as server-sent events: how far it is, then the environment or the problem. When the reader goes, the solve is given up.
import type { SolveProgress } from '@trotline/contracts'
import { type CreatedEnvironment, type Following, madeJson } from './environment-create.ts'
import { frame, frameOfJson, HEARTBEAT_MS } from './event-stream.ts'
import type { ProblemAnswer } from './problem-answer.ts'

/** What came within it is told together, of each document the newest. */
const TELL_EVERY_MS = 100

export async function* solveFrames(
  create: (following: Following) => Promise<CreatedEnvironment>,
  problemOf: (error: unknown) => ProblemAnswer,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const untold = new Map<string, SolveProgress>()
  let wake = (): void => undefined
  let over: string | null = null
  const onProgress = (progress: SolveProgress): void => {
    untold.set(subjectOf(progress), progress)
    wake()
  }
  void create({ signal, onProgress }).then(
    created => end(frameOfJson({ event: 'environment', json: madeJson(created) })),
    error => end(frame({ event: 'problem', data: problemOf(error).body })),
  )
  function end(last: string): void {
    over = last
    wake()
  }

  yield ': solving\n\n'
  while (over === null && !signal.aborted) {
    if (untold.size === 0) {
      const silent = await nextWord()
      if (silent) yield ': still here\n\n'
      if (over === null) await pause(TELL_EVERY_MS, signal)
    }
    yield* told()
  }
  yield* told()
  if (over !== null) yield over

  function* told(): Generator<string> {
    for (const progress of untold.values()) yield frame({ event: 'progress', data: progress })
    untold.clear()
  }

  /** true: nothing was said for as long as proxies keep silence. */
  function nextWord(): Promise<boolean> {
    if (over !== null) return Promise.resolve(false)
    return new Promise(resolve => {
      const done = (silent: boolean): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', spoke)
        wake = () => undefined
        resolve(silent)
      }
      const spoke = (): void => done(false)
      const timer = setTimeout(() => done(true), HEARTBEAT_MS)
      wake = spoke
      signal.addEventListener('abort', spoke, { once: true })
    })
  }
}

const subjectOf = (progress: SolveProgress): string =>
  'channel' in progress ? `${progress.step} ${progress.channel} ${progress.subdir}` : progress.step

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
