// pandas' DataFrame.sample(frac=…, random_state=seed): which rows it takes, in the order in which it takes them.
import { RandomState } from './random-state.ts'

/** Shuffled between two rests: some ms. */
const AT_ONCE = 262_144

/**
 * Indices of the drawn rows: the first round(fraction · rows) of a permutation, halves to even as Python rounds.
 * @param rest called now and then, where there are many rows
 */
export async function sample(
  rows: number,
  fraction: number,
  seed: number,
  rest: () => Promise<void> = async () => undefined,
): Promise<Int32Array> {
  const random = new RandomState(seed)
  const order = new Int32Array(rows)
  for (let row = 0; row < rows; row++) order[row] = row
  for (let last = rows - 1; last > 0; last -= AT_ONCE) {
    if (last < rows - 1) await rest()
    random.shuffle(order, last, Math.max(1, last - AT_ONCE + 1))
  }
  return order.subarray(0, roundHalfToEven(fraction * rows))
}

function roundHalfToEven(x: number): number {
  return Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)
}
