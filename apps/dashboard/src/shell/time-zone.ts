// In which zone times of day are written: this machine's, or UTC as logs of servers have it. Always with the zone's name where a date stands.
import { computed, signal } from '@preact/signals'
import { keep, kept } from './kept.ts'

export type Zone = 'local' | 'UTC'

export const zone = signal<Zone>(kept('zone') === 'UTC' ? 'UTC' : 'local')

export function setZone(next: Zone): void {
  zone.value = next
  keep('zone', next === 'local' ? null : next)
}

/** Europe/Berlin, as the machine has it. */
export const localZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone

export const formats = computed(() => {
  const where = zone.value === 'UTC' ? { timeZone: 'UTC' } : {}
  return {
    whole: new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long', ...where }),
    clock: new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', ...where }),
  }
})
