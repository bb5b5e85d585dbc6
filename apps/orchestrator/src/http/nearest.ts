// "Did you mean": the known word that a written one looks like.
import { closest, distance } from 'fastest-levenshtein'

/** How people of other libraries write it: MaxPool2D, max_pooling_2d. */
const plain = (word: string): string => word.toLowerCase().replace(/[^a-z0-9]/g, '')

/** undefined: it looks like none of them. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || written.length > 100) return undefined
  const word = plain(written)
  const short = known.find(candidate => plain(candidate) === word || (word.length > 1 && initials(candidate) === word))
  if (short !== undefined) return short
  if (word.length <= SHORT) return holding(word, known)
  const near = closest(word, known.map(plain))
  const likely = known.find(candidate => plain(candidate) === near)
  if (distance(word, near) <= Math.max(2, Math.floor(word.length / 3))) return likely
  return holding(word, known)
}

/** Of so few letters another one makes another word: gpu is not cpu. */
const SHORT = 3

/** lr for learningRate. */
const initials = (word: string): string => (word.charAt(0) + word.slice(1).replace(/[^A-Z]/g, '')).toLowerCase()

/** The only one that has the word in it: mnist is fashion-mnist. */
function holding(word: string, known: readonly string[]): string | undefined {
  const found = word.length < SHORT ? [] : known.filter(candidate => plain(candidate).includes(word))
  return found.length === 1 ? found[0] : undefined
}
