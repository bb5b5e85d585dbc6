// Ways to do one thing, measured in turns: each round does all of them, so that a busy minute of the machine falls on all.

export interface Way {
  name: string
  /** What the figure is, such as `jobs/s`. */
  unit: string
  measure(round: number): Promise<number>
}

export interface Measured {
  name: string
  unit: string
  figures: number[]
}

export async function interleaved(
  ways: readonly Way[],
  rounds: number,
  say: (line: string) => void,
): Promise<Measured[]> {
  const measured = ways.map(({ name, unit }): Measured => ({ name, unit, figures: [] }))
  for (let round = 1; round <= rounds; round++) {
    for (const [i, way] of ways.entries()) {
      const figure = await way.measure(round)
      measured[i]?.figures.push(figure)
      say(`round ${round} of ${rounds}, ${way.name}: ${shown(figure)} ${way.unit}`)
    }
  }
  return measured
}

/** Of an even count the lower of the two in the middle: a figure that was measured. */
export function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor((figures.length - 1) / 2)] ?? Number.NaN
}

/** The smallest figure that `share` of all do not pass. */
export function percentile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** Three digits where there are that many to say. */
export const shown = (figure: number): string =>
  Math.abs(figure) >= 100 ? String(Math.round(figure)) : String(Number(figure.toPrecision(3)))
