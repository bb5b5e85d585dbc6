// Times as people read them: "1 h 04 min", "~17–19 min". All take seconds.

const pad = (value: number): string => String(value).padStart(2, '0')

/** Two units at most; the smaller one only where it says something. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return seconds > 0 && seconds < 9.95 ? `${seconds.toFixed(1)} s` : `${whole} s`
  if (whole < 3600) return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 24 * 60)
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
  const hours = Math.round(minutes / 60)
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const
type Unit = (typeof UNITS)[number]

// Two of a unit before it is used: "119 s" and "100 min" say more than "2 min" and "2 h".
const unitOf = (seconds: number): Unit => UNITS.find(([, size]) => seconds >= 2 * size) ?? ['s', 1]
const inUnit = (seconds: number, [, size]: Unit): number => Math.max(seconds > 0 ? 1 : 0, Math.round(seconds / size))

/** One unit, rounded: what an age or an estimate is worth. */
export function coarse(seconds: number): string {
  const unit = unitOf(seconds)
  return `${inUnit(seconds, unit)} ${unit[0]}`
}

export const ago = (seconds: number): string => (seconds < 1 ? 'now' : `${coarse(seconds)} ago`)

/** "~17–19 min". Both ends in the unit of the longer one; one figure where they agree. */
export function range(lowSeconds: number, highSeconds: number): string {
  const unit = unitOf(highSeconds)
  const [low, high] = [inUnit(lowSeconds, unit), inUnit(highSeconds, unit)]
  return low === high ? `~${high} ${unit[0]}` : `~${low}–${high} ${unit[0]}`
}
