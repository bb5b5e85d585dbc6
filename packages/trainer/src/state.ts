// What the coming batches depend on, as plain arrays: weights, the optimizer's moments, the order of rows, the generator, the sums of
// the epoch under way.
// Two trainings of one request that are in the same state come to the same, bit by bit.
import { createHash, type Hash } from 'node:crypto'
import type { RandomStateState } from './random/random-state.ts'

export type Numbers = Float32Array | Float64Array | Int32Array

/** In a fixed order, by name. */
export type NamedNumbers = Record<string, Numbers>

export interface TrainingState {
  /** What is learned. */
  weights: NamedNumbers
  /** Whatever else changes from batch to batch. */
  rest: NamedNumbers
  random: RandomStateState | null
}

const copyAll = (named: NamedNumbers): NamedNumbers =>
  Object.fromEntries(Object.entries(named).map(([name, numbers]) => [name, numbers.slice()]))

export const copyState = ({ weights, rest, random }: TrainingState): TrainingState => ({
  weights: copyAll(weights),
  rest: copyAll(rest),
  random,
})

/** Into the arrays of `target`, which must have the same shape. */
export function overwriteState(target: TrainingState, source: TrainingState): void {
  for (const [name, numbers] of Object.entries(source.weights)) target.weights[name]?.set(numbers)
  for (const [name, numbers] of Object.entries(source.rest)) target.rest[name]?.set(numbers)
  target.random = source.random
}

/** One text for one shape: the names, kinds and lengths of all arrays, in order. */
export const shapeOf = ({ weights, rest, random }: TrainingState): string =>
  JSON.stringify(
    [weights, rest].map(named =>
      Object.entries(named).map(([name, numbers]) => [name, kindOf(numbers), numbers.length]),
    ),
  ) + (random === null ? '' : ' and a generator')

export function kindOf(numbers: Numbers): 'float32' | 'float64' | 'int32' {
  if (numbers instanceof Float32Array) return 'float32'
  return numbers instanceof Float64Array ? 'float64' : 'int32'
}

/** No number in them is infinite or NaN. A plain loop: a callback for every number takes ten times as long, between two batches. */
export function allFinite(named: NamedNumbers): boolean {
  for (const numbers of Object.values(named))
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i] as number
      // Infinity less itself, and whatever is made of NaN, is NaN.
      if (value - value !== 0) return false
    }
  return true
}

/**
 * A state of more bytes than this could be written and not be read again: a buffer of Node.js 20 ends at 4 GiB (buffer.constants.MAX_LENGTH), and
 * a checkpoint is one buffer. What its head needs is left free.
 */
export const MOST_STATE_BYTES = 2 ** 32 - 2 ** 24

export const bytesIn = ({ weights, rest }: TrainingState): number =>
  [weights, rest].flatMap(named => Object.values(named)).reduce((sum, numbers) => sum + numbers.byteLength, 0)

/** The bytes as they lie in memory: every machine that the tensor library runs on is little-endian. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Numbers): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Of all weights, one after the other, in the order of the layers. */
export function weightsSha256({ weights }: TrainingState): string {
  const hash = createHash('sha256')
  for (const numbers of Object.values(weights)) hashInParts(hash, bytesOf(numbers))
  return hash.digest('hex')
}

/** Node.js hashes at most 2 GiB at a time. */
const HASHED_AT_ONCE = 2 ** 30

export function hashInParts(hash: Hash, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += HASHED_AT_ONCE) hash.update(bytes.subarray(at, at + HASHED_AT_ONCE))
}
