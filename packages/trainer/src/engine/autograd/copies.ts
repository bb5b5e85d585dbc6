// Arrays of our own beside variables of the backend: read back when they are asked for, handed over when they were written.
import * as tf from '@tensorflow/tfjs-core'

export interface Copies {
  /** What the backend has now. The same arrays every time; those held from before a step are out of date until this is asked again. */
  read(): Record<string, Float32Array>
  /** Hands over what was written into them since they were read. */
  write(): void
  /** The backend went on. */
  outdate(): void
}

export function createCopies(variables: readonly (readonly [string, tf.Variable])[]): Copies {
  const pairs = variables.map(([name, variable]) => ({ name, variable, copy: new Float32Array(variable.size) }))
  const copies = Object.fromEntries(pairs.map(({ name, copy }) => [name, copy]))
  let current = false
  return {
    read() {
      if (!current) for (const { variable, copy } of pairs) copy.set(variable.dataSync())
      current = true
      return copies
    },
    write() {
      if (!current) return
      // A copy of the copy: the cpu backend keeps the array that it is given.
      for (const { variable, copy } of pairs)
        tf.tidy(() => variable.assign(tf.tensor(copy.slice(), variable.shape as number[])))
    },
    outdate() {
      current = false
    },
  }
}
