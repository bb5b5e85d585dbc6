// The server as the page asks it: with the token of whoever is signed in, and with what every answer tells besides.
import { type Client, CouldNotAsk, createClient, Refused } from '@trotline/client'
import { heardServerTime } from '../clock.ts'
import { signOut, token } from './session.ts'

export { CouldNotAsk, newKey, Refused } from '@trotline/client'

export const client: Client = createClient({
  baseUrl: '',
  token: () => token.value,
  onAnswer(response) {
    const at = response.headers.get('date')
    if (at !== null) heardServerTime(at)
  },
  fault(fault, said) {
    // A token that is being tried, or that was signed out meanwhile, signs nobody out.
    if (fault instanceof Refused && fault.status === 401 && said === token.value) signOut(fault.message)
    return fault
  },
})

/** For people: what went wrong, in a sentence. */
export const inWords = (error: unknown): string =>
  error instanceof CouldNotAsk
    ? `The server cannot be reached (${error.message}). Nothing is known of what it would say.`
    : error instanceof Error
      ? error.message
      : String(error)
