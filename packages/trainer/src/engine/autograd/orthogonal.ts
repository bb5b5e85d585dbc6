// Keras's Orthogonal initializer, with which recurrent layers start. Our own: the tensor library's needs its union package.
import type { RandomState } from '../../random/random-state.ts'

/**
 * Orthonormal rows or columns, whichever are fewer, times `gain`: all sides but the last count as one. Made of normal numbers by
 * Gram and Schmidt, done twice, in float64; the sign is that of a positive diagonal. Saxe and others 2013.
 */
export function orthogonal(shape: readonly number[], gain: number, random: RandomState): Float32Array {
  const columns = shape.at(-1) ?? 1
  const rows = shape.slice(0, -1).reduce((product, side) => product * side, 1)
  const [length, count] = [Math.max(rows, columns), Math.min(rows, columns)]
  const vectors: Float64Array[] = []
  for (let i = 0; i < count; i++) {
    const vector = random.randn(length)
    for (let pass = 0; pass < 2; pass++)
      for (const earlier of vectors) {
        const share = dot(vector, earlier)
        for (let k = 0; k < length; k++) vector[k] = (vector[k] as number) - share * (earlier[k] as number)
      }
    const norm = Math.sqrt(dot(vector, vector))
    vectors.push(vector.map(value => value / norm))
  }
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns]
    const value = rows >= columns ? vectors[column]?.[row] : vectors[row]?.[column]
    return gain * (value as number)
  })
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}
