// Tells readers in this process that a job changed. One subscription per process, however many readers there are;
// a reader that misses a word still looks again by itself, so a lost message costs a moment and no event.
import type { Redis } from 'ioredis'
import type { Keys } from '../store/keys.ts'

export interface JobChanges {
  /**
   * Resolves with true at the job's next change, and at once where one came since this last resolved: between a reader's look
   * and its wait nothing is lost. With false after `limitMs` or when the signal is aborted.
   */
  next(limitMs: number, signal: AbortSignal): Promise<boolean>
  close(): void
}

export interface Changes {
  of(jobId: string): JobChanges
  /** Of whatever job. */
  any(): JobChanges
  close(): void
  /** Who listens now. */
  readonly readers: number
}

/** No job has this id. */
const ANY = '*'

export async function createChanges(subscriber: Redis, keys: Keys): Promise<Changes> {
  const readers = new Map<string, Set<() => void>>()
  subscriber.on('message', (_channel, jobId) => {
    for (const tell of readers.get(jobId) ?? []) tell()
    for (const tell of readers.get(ANY) ?? []) tell()
  })
  await subscriber.subscribe(keys.changed())
  const changes: Changes = {
    any: () => changes.of(ANY),
    of(jobId) {
      let changed = false
      let wake: (() => void) | null = null
      const tell = (): void => {
        changed = true
        wake?.()
      }
      const mine = readers.get(jobId) ?? new Set()
      readers.set(jobId, mine.add(tell))
      return {
        async next(limitMs, signal) {
          if (!changed && !signal.aborted) {
            await new Promise<void>(resolve => {
              const done = (): void => {
                clearTimeout(timer)
                signal.removeEventListener('abort', done)
                wake = null
                resolve()
              }
              const timer = setTimeout(done, limitMs)
              signal.addEventListener('abort', done)
              wake = done
            })
          }
          const was = changed
          changed = false
          return was
        },
        close() {
          mine.delete(tell)
          if (mine.size === 0 && readers.get(jobId) === mine) readers.delete(jobId)
        },
      }
    },
    close: () => subscriber.disconnect(),
    get readers() {
      return [...readers.values()].reduce((sum, { size }) => sum + size, 0)
    },
  }
  return changes
}
