// How fast epochs come and when the last will: from the node's own time stamps, so that no two clocks are compared.

/** The newest this many epochs say how fast it goes now. */
export const PACE_WINDOW = 20
const MIN_EPOCHS = 3

export type Pace = { medianSeconds: number; lowSeconds: number; highSeconds: number }

/** @param times of the newest epochs of one attempt, in milliseconds, ascending. null before the third. */
export function paceOf(times: readonly number[]): Pace | null {
  if (times.length < MIN_EPOCHS) return null
  const newest = times.slice(-(PACE_WINDOW + 1))
  const steps = newest.slice(1).map((time, at) => Math.max(0, time - (newest[at] ?? time)) / 1000)
  steps.sort((a, b) => a - b)
  const at = (share: number) => steps[Math.min(steps.length - 1, Math.floor(share * steps.length))] ?? 0
  return { medianSeconds: at(0.5), lowSeconds: at(0.25), highSeconds: at(0.75) }
}

/** Seconds until the last epoch, as a range. */
export const timeLeftOf = (pace: Pace, epochsLeft: number): { low: number; high: number } => ({
  low: pace.lowSeconds * epochsLeft,
  high: pace.highSeconds * epochsLeft,
})

/** The epoch (counted from 1) at which the time limit strikes, null where the job makes it. */
export function limitStrikesAt(
  pace: Pace,
  { epochs, of, limitLeftSeconds }: { epochs: number; of: number; limitLeftSeconds: number },
): number | null {
  if (pace.medianSeconds === 0 || pace.medianSeconds * (of - epochs) <= limitLeftSeconds) return null
  return epochs + Math.max(0, Math.floor(limitLeftSeconds / pace.medianSeconds))
}
