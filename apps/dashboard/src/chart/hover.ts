// What stands under the pointer: stored values at epochs that were, never something between two of them.
import { figure } from '../text/figures.ts'
import type { EpochHistory } from './history.ts'
import type { Plot, Y } from './plot.ts'

/** The place in xs nearest to x that has a row; -1: there is none. Of two as near the earlier. */
export function nearestPlace({ xs, rows }: Pick<Plot, 'xs' | 'rows'>, x: number): number {
  let [low, high] = [0, xs.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((xs[middle] as number) < x) low = middle + 1
    else high = middle
  }
  let [before, after] = [low - 1, low]
  while (before >= 0 && (rows[before] as number) < 0) before -= 1
  while (after < xs.length && (rows[after] as number) < 0) after += 1
  if (after >= xs.length) return before
  return before >= 0 && x - (xs[before] as number) <= (xs[after] as number) - x ? before : after
}

/** So many epochs further, as the arrow keys go; stays at the ends. */
export function placeBeside({ rows }: Pick<Plot, 'rows'>, from: number, steps: number): number {
  let place = from
  for (let left = Math.abs(steps), next = from; left > 0; left--) {
    next += Math.sign(steps)
    while (next >= 0 && next < rows.length && (rows[next] as number) < 0) next += Math.sign(steps)
    if (next < 0 || next >= rows.length) break
    place = next
  }
  return place
}

export interface Hover {
  row: number
  /** From 1. */
  epoch: number
  attempt: number
  at: string
  values: { metric: string; text: string; smoothed: string | null }[]
}

/** What was not logged at that epoch is not there. */
export function hoverAt(history: EpochHistory, plot: Plot, place: number): Hover | null {
  const row = plot.rows[place] ?? -1
  if (row < 0) return null
  const metrics = [...new Set(plot.lines.map(line => line.metric))]
  return {
    row,
    epoch: history.epochOf(row) + 1,
    attempt: history.attemptOf(row),
    at: history.atOf(row),
    values: metrics.flatMap(metric => {
      const value = history.valueOf(metric, row)
      if (value === undefined) return []
      const mean = plot.lines.find(line => line.metric === metric && line.kind === 'smoothed')?.ys[place]
      return [{ metric, text: figure(value), smoothed: typeof mean === 'number' ? figure(mean) : null }]
    }),
  }
}

/** Which line is nearest to a height, by the same scale as it is drawn in; -1: none has a value there. */
export function nearestLine(
  lines: readonly { ys: readonly Y[] }[],
  place: number,
  distance: (y: number) => number,
): number {
  let [nearest, least] = [-1, Number.POSITIVE_INFINITY]
  for (const [at, { ys }] of lines.entries()) {
    const y = ys[place]
    if (typeof y !== 'number' || distance(y) >= least) continue
    nearest = at
    least = distance(y)
  }
  return nearest
}

/** For the live region: "epoch 37: loss 0.4213, val_loss 0.5120". */
export const hoverText = ({ epoch, values }: Hover): string =>
  `epoch ${epoch}: ${values.map(({ metric, text, smoothed }) => `${metric} ${text}${smoothed === null ? '' : `, smoothed ${smoothed}`}`).join(', ')}`
