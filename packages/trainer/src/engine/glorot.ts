// Keras's default start of a dense layer: weights Glorot-uniform, biases zero. Glorot and Bengio 2010.
import type { RandomState } from '../random/random-state.ts'

/** U(−limit, limit) with limit = √(6 / (inputs + units)); inputs × units numbers, row-major, drawn in that order. */
export function glorotUniform(random: RandomState, inputs: number, units: number): Float32Array {
  const limit = Math.sqrt(6 / (inputs + units))
  return Float32Array.from(random.rand(inputs * units), uniform => (2 * uniform - 1) * limit)
}
