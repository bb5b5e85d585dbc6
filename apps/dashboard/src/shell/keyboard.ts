// Keys of the page. Single letters can be switched off (WCAG 2.1.4), are dead while somebody types, and each does what a button does too.
import { signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { keep, kept } from './kept.ts'

export const shortcutsOn = signal(kept('shortcuts') !== 'off')

export function setShortcuts(on: boolean): void {
  shortcutsOn.value = on
  keep('shortcuts', on ? null : 'off')
}

/** Answers true where the key meant something. `g j` is told as "g j". */
export type KeyListener = (key: string, event: KeyboardEvent) => boolean | undefined

const listeners: KeyListener[] = []
const CHORD_MS = 1_200
let chordUntil = 0

addEventListener('keydown', event => {
  if (!shortcutsOn.value || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  if (isTyping(event.target) || document.querySelector('dialog[open]') !== null) return
  let key = event.key
  if (performance.now() < chordUntil) key = `g ${key}`
  chordUntil = 0
  if (key === 'g') {
    chordUntil = performance.now() + CHORD_MS
    return
  }
  // The newest first: what is on the page stands before what is around it.
  for (const listener of listeners.toReversed()) {
    if (listener(key, event) !== true) continue
    event.preventDefault()
    return
  }
})

export function useKeys(listener: KeyListener): void {
  const newest = useRef(listener)
  newest.current = listener
  // Before it is painted: whoever sees a page presses its keys.
  useLayoutEffect(() => {
    const listening: KeyListener = (key, event) => newest.current(key, event)
    listeners.push(listening)
    return () => {
      listeners.splice(listeners.indexOf(listening), 1)
    }
  }, [])
}

/** A range takes arrows, a checkbox takes space: only what takes letters is typing. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type)
}
