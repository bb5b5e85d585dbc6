// numpy's histogram of equally wide bins, as matplotlib's plt.hist draws it.

export interface Histogram {
  /** One more than there are bins. */
  edges: number[]
  counts: number[]
}

/** null where a value is not finite. Of equal values only, the bins reach half a unit to each side, as numpy's do. */
export function histogram(values: ArrayLike<number>, bins: number): Histogram | null {
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (!Number.isFinite(value)) return null
    if (value < lowest) lowest = value
    if (value > highest) highest = value
  }
  if (values.length === 0) [lowest, highest] = [0, 1]
  else if (lowest === highest) [lowest, highest] = [lowest - 0.5, highest + 0.5]
  const width = (highest - lowest) / bins
  const edges = Array.from({ length: bins + 1 }, (_, i) => (i === bins ? highest : lowest + i * width))
  const counts = new Array<number>(bins).fill(0)
  for (let i = 0; i < values.length; i++) {
    const bin = binOf(values[i] as number, edges, width)
    counts[bin] = (counts[bin] as number) + 1
  }
  return { edges, counts }
}

/** Corrected by the edges, because the division rounds. */
function binOf(value: number, edges: readonly number[], width: number): number {
  const last = edges.length - 2
  let bin = Math.min(last, Math.floor((value - (edges[0] as number)) / width))
  if (value < (edges[bin] as number)) bin--
  else if (bin < last && value >= (edges[bin + 1] as number)) bin++
  return bin
}
