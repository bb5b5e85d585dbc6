// Where specs and locks are read, and locks written and compared: small ones at once, large ones in a thread, so that no request waits for
// another's. A conda-lock file of 5,000 packages takes 1.4 s to read, an environment.yml of 1,000 lines 0.1 s.
import type { Worker } from 'node:worker_threads'
import type { EnvironmentDiff, EnvironmentSpec } from '@trotline/contracts'
import type { LockFormat, Reading, WrittenLock } from '@trotline/environment'
import { doTask, type LockAnswers, type LockTask, sizeOf } from './lock-task.ts'
import type { LockSide, OpenedRequest } from './lock-work.ts'
import { openThread } from './open-thread.ts'
import { SolveError } from './solve-error.ts'

/** Every method @throws SolveError SOLVE_BUSY, SOLVE_TIME_LIMIT, SOLVE_MEMORY_LIMIT of a large lock. */
export interface LockDesk {
  /** The body of a request that may have a lock. */
  open(body: Uint8Array): Promise<OpenedRequest>
  /** The body of a request with a bundle. */
  openBundle(body: Uint8Array): Promise<OpenedRequest>
  /** environment.yml, as text or as object. */
  spec(written: unknown): Promise<Reading<EnvironmentSpec>>
  write(lock: LockSide, format: LockFormat): Promise<WrittenLock>
  diff(from: LockSide, to: LockSide): Promise<EnvironmentDiff>
  close(): Promise<void>
}

export interface LockDeskLimits {
  /** What is larger goes to the thread. */
  atOnceBytes: number
  timeLimitMs: number
  memoryMiB: number
  waiting: number
}

const LIMITS: LockDeskLimits = { atOnceBytes: 16_384, timeLimitMs: 30_000, memoryMiB: 1024, waiting: 20 }

interface Waiting {
  task: LockTask
  resolve(answer: never): void
  reject(error: Error): void
}

export function createLockDesk(given: Partial<LockDeskLimits> = {}): LockDesk {
  const limits = { ...LIMITS, ...given }
  const queue: Waiting[] = []
  let thread: Worker | null = null
  let current: { one: Waiting; timer: NodeJS.Timeout } | null = null
  let closed = false

  function ask<Kind extends LockTask['kind']>(task: Extract<LockTask, { kind: Kind }>): Promise<LockAnswers[Kind]> {
    if (sizeOf(task) <= limits.atOnceBytes) return Promise.resolve(doTask(task) as LockAnswers[Kind])
    if (closed) return Promise.reject(new SolveError('SOLVE_CANCELLED', 'The server is stopping.'))
    if (queue.length >= limits.waiting)
      return Promise.reject(
        new SolveError('SOLVE_BUSY', `${queue.length} large locks wait to be read already; send it again later.`),
      )
    return new Promise((resolve, reject) => {
      queue.push({ task, resolve: resolve as Waiting['resolve'], reject })
      next()
    })
  }

  function next(): void {
    if (current !== null || closed) return
    const one = queue.shift()
    if (one === undefined) return
    const timer = setTimeout(() => {
      const seconds = limits.timeLimitMs / 1000
      give(new SolveError('SOLVE_TIME_LIMIT', `The lock is too much: after ${seconds} s it had not been gone through.`))
    }, limits.timeLimitMs)
    current = { one, timer }
    try {
      thread ??= opened()
      thread.postMessage(one.task)
    } catch (cause) {
      give(new SolveError('SOLVE_BUSY', 'The system grants no thread to read the lock in.', { cause }))
    }
  }

  function opened(): Worker {
    const worker = openThread('./lock-thread', import.meta.url, {
      name: 'locks',
      resourceLimits: { maxOldGenerationSizeMb: limits.memoryMiB },
    })
    // It waits for tasks, which must not keep a process alive that is done.
    worker.unref()
    worker.on('message', answer => {
      if (worker !== thread || current === null) return
      const { one, timer } = current
      clearTimeout(timer)
      current = null
      one.resolve(answer as never)
      next()
    })
    const lost = (error: Error & { code?: string }): void => {
      if (worker !== thread) return
      const why = `The lock is too much: reading it needs more than ${limits.memoryMiB} MiB of memory.`
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      // Whatever else ends it is a bug of ours.
      give(outOfMemory ? new SolveError('SOLVE_MEMORY_LIMIT', why, { cause: error }) : error)
    }
    worker.on('error', lost)
    // An answer that cannot be read here: nobody is to wait for it until the time is over.
    worker.on('messageerror', lost)
    worker.on('exit', code => lost(new Error(`the thread that reads locks left with code ${code}`)))
    return worker
  }

  /** Gives the task up, and the thread with it: whatever it does still, nobody waits for. */
  function give(error: Error): void {
    const gone = thread
    thread = null
    void gone?.terminate()
    if (current !== null) {
      clearTimeout(current.timer)
      current.one.reject(error)
      current = null
    }
    next()
  }

  return {
    open: body => ask({ kind: 'open', body }),
    openBundle: body => ask({ kind: 'bundle', body }),
    spec: written => ask({ kind: 'spec', written }),
    write: (lock, format) => ask({ kind: 'write', lock, format }),
    diff: (from, to) => ask({ kind: 'diff', from, to }),
    async close() {
      closed = true
      const stopping = new SolveError('SOLVE_CANCELLED', 'The server is stopping.')
      for (const { reject } of queue.splice(0)) reject(stopping)
      give(stopping)
    },
  }
}
