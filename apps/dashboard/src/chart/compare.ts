// Several jobs on one grid. A job's colour is its slot, so that hiding one changes no other's.
import { MOST_COMPARED, type XAxis } from '../router/view-states.ts'
import { xOf } from './axes.ts'
import type { EpochHistory } from './history.ts'
import { merged, plotOf, type Y } from './plot.ts'

/** More lines have their names at their ends: there are only so many colours, and dashes alone are looked up too often. */
export const MOST_UNLABELLED = 4

export interface Compared {
  job: string
  /** From 0, as in the address. */
  slot: number
  history: EpochHistory
  ofEpochs: number | null
  stepsPerEpoch: number | null
}
export interface ComparedLine {
  job: string
  slot: number
  kind: 'counts' | 'smoothed'
  ys: Y[]
}
export interface Comparison {
  xs: number[]
  lines: ComparedLine[]
  /** By job, by x: its row there; -1: it has none. */
  rows: Map<string, number[]>
  /** Jobs that have not logged the metric. */
  without: string[]
}

export interface CompareOptions {
  metric: string
  axis: XAxis
  smoothing?: number
  /** Jobs that are on the grid without a line: hiding one moves no other. */
  hidden?: readonly string[]
}

/** The sentence says what is missing. */
export function compare(
  jobs: readonly Compared[],
  { metric, axis, smoothing = 0, hidden = [] }: CompareOptions,
): Comparison | { problem: string } {
  if (jobs.length < 2) return { problem: `Pick 2 to ${MOST_COMPARED} jobs: tick them in Jobs and press c.` }
  if (jobs.length > MOST_COMPARED)
    return {
      problem: `These are ${jobs.length} jobs; at most ${MOST_COMPARED} can be told apart on one chart. Take some away.`,
    }
  const plots = jobs.map(({ job, slot, history, ofEpochs, stepsPerEpoch }) => {
    const plot = plotOf(history, { metrics: [metric], axis, smoothing, ofEpochs, stepsPerEpoch })
    // Jobs of different days are laid over each other: time of day counts from where each began.
    const began = axis === 'clock' ? beganAt(history) : 0
    return { job, slot, plot, xs: began === 0 ? plot.xs : plot.xs.map(x => x - began) }
  })
  const xs = merged(plots)
  const lines: ComparedLine[] = []
  const rows = new Map<string, number[]>()
  for (const { job, slot, plot, xs: own } of plots) {
    const place = placesOn(xs, own)
    rows.set(
      job,
      place.map(at => (at < 0 ? -1 : (plot.rows[at] ?? -1))),
    )
    for (const { kind, ys } of hidden.includes(job) ? [] : plot.lines)
      if (kind !== 'superseded') lines.push({ job, slot, kind, ys: place.map(at => (at < 0 ? undefined : ys[at])) })
  }
  const without = plots.filter(({ plot }) => plot.lines.length === 0).map(({ job }) => job)
  return { xs, lines, rows, without }
}

/** Milliseconds; the first epoch's end is the first time there is, and it says how long the epoch took. */
function beganAt(history: EpochHistory): number {
  const [first] = history.line
  return first === undefined ? 0 : xOf(history, { axis: 'clock' })(first) - history.secondsOf(first) * 1000
}

/** By x of the grid: the place among one's own; -1: there is none. */
function placesOn(xs: readonly number[], own: readonly number[]): number[] {
  let at = 0
  return xs.map(x => {
    let place = -1
    while (at < own.length && own[at] === x) place = at++
    return place
  })
}
