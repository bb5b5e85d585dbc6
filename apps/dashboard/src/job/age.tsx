// How long ago, counted on by the page; the time itself for whoever points at it or has it read.
import { ageMs } from '../clock.ts'
import { formats } from '../shell/time-zone.ts'
import { ago } from '../text/durations.ts'

export function Age({ at }: { at: string }) {
  return (
    <time dateTime={at} title={localTime(at)} class="nowrap">
      {ago(ageMs(at) / 1000)}
    </time>
  )
}

export const localTime = (at: string): string => formats.value.whole.format(new Date(at))
export const clockTime = (at: string | number | Date): string => formats.value.clock.format(new Date(at))

/** Seconds from one of the server's times to another, or to now. */
export const secondsBetween = (from: string, to: string | null): number =>
  to === null ? ageMs(from) / 1000 : Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)
