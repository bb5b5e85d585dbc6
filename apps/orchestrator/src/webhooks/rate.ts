// How many sends begin in any minute, of all webhooks together. Pure but for what it remembers.

export interface Rate {
  /** False: the minute is used up. */
  take(nowMs: number): boolean
}

/** A bucket that fills evenly, and holds a tenth of the minute: a burst after a pause is no flood. */
export function createRate(perMinute: number): Rate {
  const most = Math.max(1, perMinute / 10)
  let left = most
  let filledMs = 0
  return {
    take(nowMs) {
      // A clock that was set back fills nothing.
      left = Math.min(most, left + (Math.max(0, nowMs - filledMs) * perMinute) / 60_000)
      filledMs = nowMs
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
