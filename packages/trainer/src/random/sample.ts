// pandas' DataFrame.sample(frac=…, random_state=seed): which rows it takes, in the order in which it takes them.
import { RandomState } from './random-state.ts'

/** Indices of the drawn rows: the first round(fraction · rows) of a permutation, halves to even as Python rounds. */
export function sample(rows: number, fraction: number, seed: number): Int32Array {
  return new RandomState(seed).permutation(rows).subarray(0, roundHalfToEven(fraction * rows))
}

function roundHalfToEven(x: number): number {
  return Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)
}
