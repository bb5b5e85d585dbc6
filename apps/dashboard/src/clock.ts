// Time as the page counts it: performance.now() runs on; the person's own clock is compared with no other.
import { signal } from '@preact/signals'

/** performance.now(), once a second while anybody can see it. */
export const now = signal(performance.now())
setInterval(() => {
  if (document.visibilityState === 'visible') now.value = performance.now()
}, 1_000)
document.addEventListener('visibilitychange', () => (now.value = performance.now()))

/** Server time less performance.now(), from the Date header of answers or times that the server sent; null: nothing was heard yet. */
const serverOffset = signal<number | null>(null)

/** A time that the server wrote just now: the latest of them tells its clock best. */
export function heardServerTime(iso: string): void {
  const offset = Date.parse(iso) - performance.now()
  if (Number.isFinite(offset) && (serverOffset.value === null || offset > serverOffset.value))
    serverOffset.value = offset
}

const offsetMs = (): number => serverOffset.value ?? Date.now() - performance.now()

/** How long ago that was by the server's clock, in ms; never less than 0. */
export const ageMs = (iso: string): number => Math.max(0, now.value + offsetMs() - Date.parse(iso))

/** The server's time of day, as near as it is known. */
export const serverTimeMs = (): number => performance.now() + offsetMs()
