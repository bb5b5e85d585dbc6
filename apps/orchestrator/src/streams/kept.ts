// Answers of the store that hold for a while, kept for the next message of the same run: bounded in number and age.

export interface Kept<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
}

export function createKept<T>(
  { most, ageMs }: { most: number; ageMs: number },
  now = (): number => performance.now(),
): Kept<T> {
  const entries = new Map<string, { value: T; untilMs: number }>()
  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined || entry.untilMs > now()) return entry?.value
      entries.delete(key)
      return undefined
    },
    set(key, value) {
      entries.delete(key)
      entries.set(key, { value, untilMs: now() + ageMs })
      // A Map lists its keys in the order in which they came.
      for (const oldest of entries.keys()) {
        if (entries.size <= most) break
        entries.delete(oldest)
      }
    },
  }
}
