// Chance that repeats: mulberry32 from a seed, so that a case that fails can be run again by its number.

export interface Chance {
  /** In [0, 1). */
  next(): number
  /** Both ends included. */
  whole(least: number, most: number): number
  pick<T>(list: readonly T[]): T
}

export function chance(seed: number): Chance {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    whole,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new TypeError('nothing to pick from')
      return list[whole(0, list.length - 1)] as T
    },
  }
}
