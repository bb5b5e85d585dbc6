// Light or dark: as the system has it, or as the person chose. The colours that mean something are written into the page's variables.
import { computed, effect, signal } from '@preact/signals'
import { type Ground, STATE_COLOURS, STATE_LOOKS } from '../colour/palette.ts'
import { keep, kept } from './kept.ts'

export type Theme = 'system' | Ground
const THEMES: readonly Theme[] = ['system', 'light', 'dark']

const dark = matchMedia('(prefers-color-scheme: dark)')
const systemDark = signal(dark.matches)
dark.addEventListener('change', event => (systemDark.value = event.matches))

export const theme = signal<Theme>(THEMES.find(one => one === kept('theme')) ?? 'system')
export const ground = computed<Ground>(() =>
  theme.value === 'system' ? (systemDark.value ? 'dark' : 'light') : theme.value,
)

export function setTheme(next: Theme): void {
  theme.value = next
  keep('theme', next === 'system' ? null : next)
}

/** To the other ground; back to the system's own where that is what it comes to. */
export function switchGround(): void {
  const other: Ground = ground.value === 'dark' ? 'light' : 'dark'
  setTheme(systemDark.value === (other === 'dark') ? 'system' : other)
}

effect(() => {
  const root = document.documentElement
  root.dataset.ground = ground.value
  root.style.colorScheme = ground.value
  for (const look of STATE_LOOKS) root.style.setProperty(`--state-${look}`, STATE_COLOURS[ground.value][look])
})
