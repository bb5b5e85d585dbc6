// How fast epochs come, when the last one will, and whether the time limit comes first. From the node's own times, so that no two
// clocks are compared.
import { duration, range } from '../text/durations.ts'
import { count } from '../text/figures.ts'
import type { EpochHistory } from './history.ts'

/** Seconds of an epoch: the middle of the newest, and between which two half of them lie. */
export interface Pace {
  medianSeconds: number
  lowSeconds: number
  highSeconds: number
}

export const PACE_WINDOW = 20
const FIRST_TOLD_AT = 3

/** Of the newest attempt; null before its third epoch. */
export function paceOf(history: EpochHistory): Pace | null {
  const rows = history.attempts.at(-1)?.rows ?? []
  if (rows.length < FIRST_TOLD_AT) return null
  const newest = rows.slice(-(PACE_WINDOW + 1))
  const steps = newest.slice(1).map((row, at) => {
    const before = newest[at] ?? row
    const seconds = (Date.parse(history.atOf(row)) - Date.parse(history.atOf(before))) / 1000
    return Math.max(0, seconds) / (history.epochOf(row) - history.epochOf(before))
  })
  steps.sort((a, b) => a - b)
  const at = (share: number): number => steps[Math.min(steps.length - 1, Math.floor(share * steps.length))] ?? 0
  return { medianSeconds: at(0.5), lowSeconds: at(0.25), highSeconds: at(0.75) }
}

/** "~17–19 min left". null: nothing is left, or nothing can be said. */
export function timeLeftText(pace: Pace | null, epochsLeft: number): string | null {
  if (pace === null || epochsLeft <= 0) return null
  return `${range(pace.lowSeconds * epochsLeft, pace.highSeconds * epochsLeft)} left`
}

export interface Limit {
  /** Trained so far, and to be trained. */
  epochs: number
  of: number
  /** Until the time limit of the run. */
  limitLeftSeconds: number
}

/** The epoch, from 1, at which the limit comes; null: the job makes it. */
export function limitEpoch({ medianSeconds }: Pace, { epochs, of, limitLeftSeconds }: Limit): number | null {
  if (medianSeconds <= 0 || medianSeconds * (of - epochs) <= limitLeftSeconds) return null
  return epochs + Math.max(0, Math.floor(limitLeftSeconds / medianSeconds))
}

/** A warning; null: there is none to give. */
export function limitText(pace: Pace | null, limit: Limit): string | null {
  const epoch = pace === null ? null : limitEpoch(pace, limit)
  if (epoch === null) return null
  return `at this pace the limit comes at epoch ${count(epoch)} of ${count(limit.of)} (in ${duration(limit.limitLeftSeconds)})`
}
