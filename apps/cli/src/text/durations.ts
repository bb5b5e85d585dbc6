// Times as people read them: "1 h 04 min", "00:12:40", "~17–19 min". All take seconds.

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

/** HH:MM:SS, hours as many as there are. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  return `${pad(Math.floor(whole / 3600))}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`
}

export const ago = (seconds: number): string => (seconds < 1 ? 'now' : `${coarse(seconds)} ago`)

/** One unit, rounded: what an age or an estimate is worth. */
export function coarse(seconds: number): string {
  const [value, unit] = inUnit(seconds, unitOf(seconds))
  return `${value} ${unit}`
}

/** "~17–19 min left". Both ends in the unit of the longer one; one figure where they agree. */
export function timeLeft(lowSeconds: number, highSeconds: number, dash = '–'): string {
  const unit = unitOf(highSeconds)
  const [low] = inUnit(lowSeconds, unit)
  const [high] = inUnit(highSeconds, unit)
  return low === high ? `~${high} ${unit} left` : `~${low}${dash}${high} ${unit} left`
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const
type Unit = (typeof UNITS)[number][0]

// Two of a unit before it is used: "119 s" and "100 min" say more than "2 min" and "2 h".
const unitOf = (seconds: number): Unit => UNITS.find(([, size]) => seconds >= 2 * size)?.[0] ?? 's'

function inUnit(seconds: number, unit: Unit): [number, Unit] {
  const size = UNITS.find(([name]) => name === unit)?.[1] ?? 1
  return [Math.max(seconds > 0 ? 1 : 0, Math.round(seconds / size)), unit]
}
