// Which rows stand for all, where all would be too many: evenly spread over them.

/** At most `most` of the numbers 0 … of − 1, in order, the first among them. */
export function spread(of: number, most: number): Int32Array {
  const count = Math.min(of, most)
  return Int32Array.from({ length: count }, (_, i) => Math.floor((i * of) / count))
}
