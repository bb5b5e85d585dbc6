// How long ago, counted on by the page; the time itself for whoever points at it or has it read.
import { ageMs } from '../clock.ts'
import { ago } from '../text/durations.ts'

export function Age({ at }: { at: string }) {
  return (
    <time dateTime={at} title={localTime(at)} class="nowrap">
      {ago(ageMs(at) / 1000)}
    </time>
  )
}

const FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' })
export const localTime = (at: string): string => FORMAT.format(new Date(at))

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
export const clockTime = (at: string | number | Date): string => CLOCK.format(new Date(at))

/** Seconds from one of the server's times to another, or to now. */
export const secondsBetween = (from: string, to: string | null): number =>
  to === null ? ageMs(from) / 1000 : Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)
