// How long a message waits after a try that failed, and how long the whole webhook rests. Pure.

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** After the first try, the second … About three days in all; then the message is parked. */
export const LADDER_MS: readonly number[] = [
  10 * SECOND,
  MINUTE,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
  24 * HOUR,
]

/** Nothing came through for so long, whatever the messages: the webhook is parked. */
export const PARK_AFTER_MS = 72 * HOUR

/** A receiver that is down is not asked once for each message that waits, but this often. */
const REST_MS: readonly number[] = [10 * SECOND, MINUTE, 5 * MINUTE]

/** So that those that failed together do not come together again: a tenth less or more. */
const jittered = (ms: number, random: number): number => Math.round(ms * (0.9 + 0.2 * random))

/** @param rung tries that failed before this one   @param random 0 to 1   @returns null: there is no further try */
export function waitAfter(rung: number, random: number): number | null {
  const ms = LADDER_MS[rung]
  return ms === undefined ? null : jittered(ms, random)
}

/** @param tries of the webhook that failed in a row, this one included */
export const restAfter = (tries: number, random: number): number =>
  jittered(REST_MS[Math.min(tries, REST_MS.length) - 1] ?? 5 * MINUTE, random)

/** What a receiver wishes (Retry-After), within reason. */
export const wishedWait = (ms: number | null): number => Math.min(ms ?? 0, 24 * HOUR)
