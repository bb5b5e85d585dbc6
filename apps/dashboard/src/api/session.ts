// Who looks at the page: a bearer token, forgotten with the tab unless the person asks for it to be kept.
import { signal } from '@preact/signals'

const KEY = 'trotline.token'

export const token = signal<string | null>(read())

/** Why the person is asked to sign in again; null: they have not been here. */
export const signedOutBecause = signal<string | null>(null)

export function signIn(text: string, kept: boolean): void {
  forget()
  try {
    const place = kept ? localStorage : sessionStorage
    place.setItem(KEY, text)
  } catch {
    // A browser that keeps nothing: the token lives as long as this page.
  }
  signedOutBecause.value = null
  token.value = text
}

export function signOut(because: string | null = null): void {
  forget()
  signedOutBecause.value = because
  token.value = null
}

function read(): string | null {
  try {
    return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function forget(): void {
  try {
    sessionStorage.removeItem(KEY)
    localStorage.removeItem(KEY)
  } catch {
    // nothing was kept
  }
}
