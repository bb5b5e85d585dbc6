// One problem in one thread: waited for, hurried along, and ended when it takes too long, too much memory, or is wanted no more.
import type { Worker } from 'node:worker_threads'
import type { LockedPip } from '@trotline/contracts'
import type { PinnedLock } from '@trotline/environment'
import type { WasmModule } from '@trotline/environment/solve'
import { openThread } from './open-thread.ts'
import { SolveError } from './solve-error.ts'
import type { FromThread, ThreadOrder, ThreadProblem, ToThread } from './solve-messages.ts'
import { cancelled } from './solve-queue.ts'

/** Of the memory that a solve may take, what the solver itself may; the rest is for the documents that it is handed. */
const SOLVER_SHARE = 0.6
/** A thread whose solver has grown beyond it is not kept for another problem. */
const MOST_KEPT_BYTES = 256 * 1_048_576

export interface ThreadLimits {
  memoryMiB: number
  module: WasmModule | null
}

export function openSolveThread({ memoryMiB, module }: ThreadLimits): Worker {
  const order: ThreadOrder = { memoryBytes: Math.floor(memoryMiB * SOLVER_SHARE) * 1_048_576, module }
  const thread = openThread('./solve-thread', import.meta.url, {
    name: 'solve',
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memoryMiB * (1 - SOLVER_SHARE)), maxYoungGenerationSizeMb: 64 },
    // What a panic has to say comes by message.
    stdout: true,
    stderr: true,
  })
  // One that waits for a problem keeps no process alive.
  thread.unref()
  return thread
}

export interface Run {
  thread: Worker
  problem: ThreadProblem
  timeLimitMs: number
  memoryMiB: number
  signal: AbortSignal
  onReached: (counts: { records: number; names: number }) => void
  /** Works out the pip part, once the conda part is chosen; the time that it takes is not the solver's. */
  pip: (packages: readonly { name: string; version: string }[]) => Promise<LockedPip[]>
  /** The thread has answered, and may be given another problem. */
  onFree: (thread: Worker) => void
}

export interface Locked {
  pinned: PinnedLock
  notes: string[]
}

/** A thread that did not answer, or grew large over it, is ended. @throws SolveError */
export function runInThread(run: Run): Promise<Locked> {
  const { thread, problem, timeLimitMs, memoryMiB, signal, onReached, pip, onFree } = run
  return new Promise<Locked>((resolve, reject) => {
    let tree: string | null = null
    let timer: NodeJS.Timeout | undefined
    let answer: () => void = () => undefined
    const seconds = timeLimitMs / 1000

    const letGo = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', cancel)
      thread.off('message', listen).off('error', broken).off('exit', left)
    }
    const fail = (error: unknown): void => {
      letGo()
      // What a thread that is being ended still says is nobody's.
      thread.on('error', () => undefined)
      void thread.terminate()
      reject(error)
    }
    const free = (memoryBytes: number): void => {
      letGo()
      thread.unref()
      if (memoryBytes <= MOST_KEPT_BYTES) onFree(thread)
      else void thread.terminate()
      answer()
    }
    const cancel = (): void => fail(cancelled())
    const late = (): void =>
      fail(
        tree !== null
          ? impossible(tree)
          : new SolveError('SOLVE_TIME_LIMIT', `The spec could not be solved within ${seconds} s.`, {
              findings: [
                {
                  pointer: '/dependencies',
                  detail: `The spec could not be solved within ${seconds} s.`,
                  hint: 'Name versions for the packages that matter, so that there is less to choose from.',
                  line: null,
                  column: null,
                },
              ],
            }),
      )
    const start = (): void => {
      timer = setTimeout(late, timeLimitMs)
    }
    const broken = (error: Error & { code?: string }): void =>
      fail(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch(memoryMiB) : died(error.message, error))
    const left = (code: number): void => fail(died(`it left with code ${code}`))
    const listen = (message: FromThread): void => {
      switch (message.kind) {
        case 'ready':
          break
        case 'reached':
          onReached(message)
          break
        case 'refusing':
          tree = message.tree
          break
        case 'chosen':
          clearTimeout(timer)
          pip(message.packages).then(pins => {
            start()
            thread.postMessage({ kind: 'pip', pip: pins } satisfies ToThread)
          }, fail)
          break
        case 'locked':
          answer = () => resolve({ pinned: message.pinned, notes: message.notes })
          break
        case 'refused': {
          const { code, message: words, findings, tree } = message
          answer = () => reject(new SolveError(code, words, { findings, tree }))
          break
        }
        case 'free':
          free(message.memoryBytes)
          break
        case 'died':
          fail(message.outOfMemory ? tooMuch(memoryMiB) : died(message.words))
      }
    }

    if (signal.aborted) {
      cancel()
      return
    }
    signal.addEventListener('abort', cancel, { once: true })
    thread.on('message', listen).on('error', broken).on('exit', left)
    thread.ref()
    start()
    thread.postMessage({ kind: 'solve', problem } satisfies ToThread)
  })
}

function impossible(tree: string): SolveError {
  const detail = 'No set of packages fits the spec.'
  const findings = [{ pointer: '/dependencies', detail, line: null, column: null }]
  return new SolveError('SOLVE_IMPOSSIBLE', detail, { findings, tree })
}

const tooMuch = (memoryMiB: number): SolveError =>
  new SolveError('SOLVE_MEMORY_LIMIT', `The spec could not be solved within ${memoryMiB} MiB of memory.`)

const died = (words: string, cause?: unknown): SolveError =>
  new SolveError(
    'SOLVER_DIED',
    'The solver ended without an answer, as it does each time for this spec and these channels.',
    {
      details: { words },
      cause,
    },
  )
