// What pages use: follow a topic, and know how long ago the server was heard. One per signed-in person.
import { effect, signal } from '@preact/signals'
import { token } from '../api/session.ts'
import { takeSeat } from './browser-seat.ts'
import { createSource } from './source.ts'
import type { Source, Told } from './topics.ts'

/** performance.now() when the server was heard last; null: not yet, or nothing is followed. */
export const heardAt = signal<number | null>(null)

const listeners = new Map<string, Set<(told: Told) => void>>()
let source: Source | null = null

effect(() => {
  const secret = token.value
  source?.close()
  source = null
  heardAt.value = null
  if (secret === null) return
  void nameOf(secret).then(name => {
    if (token.value !== secret) return
    source = takeSeat(
      name,
      {
        tell(told) {
          for (const listener of listeners.get(told.topic) ?? []) listener(told)
        },
        alive() {
          heardAt.value = performance.now()
        },
        lost() {
          heardAt.value ??= performance.now()
        },
      },
      createSource,
    )
    source.want([...listeners.keys()])
  })
})

/** Answers how to stop. */
export function follow(topic: string, listener: (told: Told) => void): () => void {
  const heard = listeners.get(topic) ?? new Set()
  heard.add(listener)
  listeners.set(topic, heard)
  source?.want([...listeners.keys()])
  return () => {
    heard.delete(listener)
    if (heard.size > 0) return
    listeners.delete(topic)
    source?.want([...listeners.keys()])
  }
}

/** Tabs of another person in the same browser must not meet: their answers differ. The token itself is told to nobody. */
async function nameOf(secret: string): Promise<string> {
  if (crypto.subtle === undefined) return 'trotline'
  const digest = new Uint8Array(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`trotline tabs ${secret}`)),
  )
  return `trotline.${Array.from(digest.slice(0, 8), byte => byte.toString(16).padStart(2, '0')).join('')}`
}
