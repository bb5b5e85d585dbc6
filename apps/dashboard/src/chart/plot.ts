// What a chart library is given: one column of x for all lines, ascending, and for each line its y there. Three things are kept apart:
// a number; null, where the line breaks off (NaN, ±Infinity, the time between two attempts); undefined, where nothing was logged and
// the line goes on.
import { count } from '../text/figures.ts'
import { type AxisOptions, xOf } from './axes.ts'
import { BUCKETS, bucketSize, MOST_ROWS_WHOLE, thinned } from './buckets.ts'
import { type Column, type EpochHistory, supersededRows } from './history.ts'
import { smoothed } from './smoothing.ts'

export type Y = number | null | undefined

export interface PlotLine {
  metric: string
  /** 'counts' is drawn faintly where a smoothed one stands before it. */
  kind: 'counts' | 'smoothed' | 'superseded'
  /** Whose epochs they were, of superseded ones; null: all attempts' that count. */
  attempt: number | null
  ys: Y[]
}
export interface Plot {
  xs: number[]
  /** By x: the row that counts there; -1: none. */
  rows: number[]
  lines: PlotLine[]
  /** Rows that count, drawn and in view. Fewer are drawn: the extremes of every `bucket` epochs. */
  shown: number
  of: number
  bucket: number
}

export interface PlotOptions extends AxisOptions {
  metrics: readonly string[]
  smoothing?: number
  /** Epochs that the job means to train; null: not known. */
  ofEpochs?: number | null
  superseded?: boolean
  /** On the x axis; null: all. */
  zoom?: readonly [number, number] | null
}

/** Rows along x; -1 breaks the line. */
interface Track {
  xs: number[]
  rows: number[]
}

export function plotOf(history: EpochHistory, options: PlotOptions): Plot {
  const { metrics, smoothing = 0, ofEpochs = null, superseded = false, zoom = null } = options
  const x = xOf(history, options)
  const logged = metrics.filter(metric => history.column(metric) !== undefined)
  const columns = logged.flatMap(metric => history.column(metric) ?? [])
  const inView = within(history.line, x, zoom)
  const { rows, bucket } = lessened(history, inView, columns)
  const counts = trackOf(history, rows, x, options.axis === 'clock')
  const older = superseded ? supersededTracks(history, columns, x, zoom) : []
  const xs = older.length === 0 ? counts.xs : merged([counts, ...older.map(({ track }) => track)])
  const place = placed(counts, xs)
  const lines: PlotLine[] = []
  for (const metric of logged) {
    const { values, logged: present } = history.column(metric) as Column
    const ysOf = (places: readonly number[], of: Float64Array): Y[] => {
      const ys: Y[] = new Array(places.length)
      for (let at = 0; at < places.length; at++) {
        const row = places[at] as number
        const value = row < 0 ? 0 : (of[row] as number)
        ys[at] =
          row === NOTHING
            ? undefined
            : row === BREAK
              ? null
              : present[row] === 0
                ? undefined
                : Number.isFinite(value)
                  ? value
                  : null
      }
      return ys
    }
    for (const { attempt, track } of older)
      lines.push({ metric, kind: 'superseded', attempt, ys: ysOf(placed(track, xs), values) })
    lines.push({ metric, kind: 'counts', attempt: null, ys: ysOf(place, values) })
    if (smoothing > 0) {
      const means = smoothed(history, metric, history.line, { weight: smoothing, ofEpochs })
      lines.push({ metric, kind: 'smoothed', attempt: null, ys: ysOf(place, means) })
    }
  }
  return { xs, rows: place.map(row => (row < 0 ? -1 : row)), lines, shown: rows.length, of: inView.length, bucket }
}

const BREAK = -1
const NOTHING = -2

/** One more on each side, so that lines reach the edges. */
function within(rows: Int32Array, x: (row: number) => number, zoom: readonly [number, number] | null): Int32Array {
  if (zoom === null) return rows
  const first = rows.findIndex(row => x(row) >= zoom[0])
  const last = rows.findLastIndex(row => x(row) <= zoom[1])
  if (first < 0) return rows.slice(-1)
  return rows.slice(Math.max(0, first - 1), last + 2)
}

function lessened(
  history: EpochHistory,
  rows: Int32Array,
  columns: readonly Column[],
): { rows: Int32Array; bucket: number } {
  if (rows.length <= MOST_ROWS_WHOLE) return { rows, bucket: 1 }
  const bucket = bucketSize(history.epochOf(rows[0] ?? 0), history.epochOf(rows.at(-1) ?? 0), BUCKETS)
  return { rows: thinned(history, rows, columns, bucket), bucket }
}

function trackOf(history: EpochHistory, rows: ArrayLike<number>, x: (row: number) => number, breaks: boolean): Track {
  const track: Track = { xs: [], rows: [] }
  let attempt = -1
  let before = Number.NEGATIVE_INFINITY
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number
    // Two nodes' clocks need not agree, and a chart reads from left to right.
    const here = Math.max(before, x(row))
    const own = history.attemptOf(row)
    if (breaks && at > 0 && own !== attempt) {
      track.xs.push((before + here) / 2)
      track.rows.push(BREAK)
    }
    track.xs.push(here)
    track.rows.push(row)
    attempt = own
    before = here
  }
  return track
}

function supersededTracks(
  history: EpochHistory,
  columns: readonly Column[],
  x: (row: number) => number,
  zoom: readonly [number, number] | null,
): { attempt: number; track: Track }[] {
  return history.attempts.flatMap(attempt => {
    const all = Int32Array.from(supersededRows(history, attempt))
    const { rows } = lessened(history, all.length === 0 ? all : within(all, x, zoom), columns)
    return rows.length === 0 ? [] : [{ attempt: attempt.attempt, track: trackOf(history, rows, x, false) }]
  })
}

/** Every x of any track once, ascending. */
export function merged(tracks: readonly { xs: readonly number[] }[]): number[] {
  const all = new Float64Array(tracks.reduce((sum, { xs }) => sum + xs.length, 0))
  let length = 0
  for (const { xs } of tracks) for (const x of xs) all[length++] = x
  all.sort()
  const once: number[] = []
  for (const x of all) if (once.length === 0 || once[once.length - 1] !== x) once.push(x)
  return once
}

/** By x: the track's row there, BREAK or NOTHING. */
function placed(track: Track, xs: readonly number[]): number[] {
  if (track.xs === xs) return track.rows
  const rows: number[] = new Array(xs.length)
  let at = 0
  for (let i = 0; i < xs.length; i++) {
    let row = NOTHING
    // Of several at one x the last stays.
    while (at < track.xs.length && track.xs[at] === xs[i]) row = track.rows[at++] as number
    rows[i] = row
  }
  return rows
}

/** Not every epoch is drawn, and that has to be said. */
export const isLessened = ({ bucket }: Plot): boolean => bucket > 1

/** While zoomed into the past: "live paused: 120 newer epochs". null: the newest are in view. */
export function newerText(
  history: EpochHistory,
  options: AxisOptions,
  zoom: readonly [number, number] | null,
): string | null {
  if (zoom === null) return null
  const x = xOf(history, options)
  const newer = history.line.length - 1 - history.line.findLastIndex(row => x(row) <= zoom[1])
  return newer === 0 ? null : `live paused: ${count(newer, 'newer epoch')}`
}

/** Where a value stands alone between gaps: a line has no length there, and needs a dot. */
export function lonePlaces(ys: readonly Y[]): number[] {
  const lone: number[] = []
  let before: number | null = null
  let run = 0
  for (let at = 0; at <= ys.length; at++) {
    const y = at < ys.length ? ys[at] : null
    if (y === undefined) continue
    if (y === null) {
      if (run === 1 && before !== null) lone.push(before)
      run = 0
    } else {
      run += 1
      before = at
    }
  }
  return lone
}
