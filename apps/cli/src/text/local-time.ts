// Times of the server (RFC 3339, UTC) on this machine's clock face. For people only: pipes get them as they came.

const pad = (value: number): string => String(value).padStart(2, '0')

/** 14:02:11 */
export function localClock(timestamp: string): string {
  const at = new Date(timestamp)
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`
}

/** 2026-11-22 14:02:11 */
export function localTime(timestamp: string): string {
  const at = new Date(timestamp)
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${localClock(timestamp)}`
}

export const secondsBetween = (from: string, to: string | number): number =>
  ((typeof to === 'number' ? to : Date.parse(to)) - Date.parse(from)) / 1000
