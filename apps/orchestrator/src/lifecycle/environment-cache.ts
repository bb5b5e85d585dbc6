// The locks that were used last, read: many jobs of one environment are submitted one after another. What is under an id never changes.
import type { PinnedLock } from '@trotline/environment'
import type { LockSummary } from '../solving/lock-work.ts'

export interface CachedLock extends PinnedLock {
  summary: LockSummary
}

export interface LockCache {
  get(id: string): CachedLock | null
  put(id: string, lock: CachedLock): void
}

/** In characters of their canonical text; what is read of them takes about five times as much. */
const MOST_CHARACTERS = 16_777_216

export function createLockCache(most: number = MOST_CHARACTERS): LockCache {
  /** The one used longest ago is first. */
  const kept = new Map<string, CachedLock>()
  let characters = 0
  const drop = (id: string): void => {
    characters -= kept.get(id)?.summary.canonical.length ?? 0
    kept.delete(id)
  }
  return {
    get(id) {
      const found = kept.get(id)
      if (found === undefined) return null
      kept.delete(id)
      kept.set(id, found)
      return found
    },
    put(id, lock) {
      if (kept.has(id) || lock.summary.canonical.length > most) return
      kept.set(id, lock)
      characters += lock.summary.canonical.length
      for (const oldest of kept.keys()) {
        if (characters <= most) break
        drop(oldest)
      }
    },
  }
}
