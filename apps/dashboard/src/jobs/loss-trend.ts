// The loss of a job of the list, as a picture the size of a word, and how fast it gets there. Pure. What was asked for once and what the
// list is told come to the same few points: buckets of epochs, powers of two wide, the newest of each bucket.
import type { Epoch, JobSummary, NonFinite } from '@trotline/contracts'
import type { Pace } from '../chart/pace.ts'
import { shortFigure } from '../text/figures.ts'

export const MOST_POINTS = 24

export interface TrendPoint {
  /** From 0. */
  epoch: number
  /** NaN and infinities as they are. */
  loss: number
  atMs: number
}

export interface Trend {
  /** Epochs in a bucket. */
  step: number
  /** Ascending in epochs, at most MOST_POINTS. */
  points: readonly TrendPoint[]
}
export const NO_TREND: Trend = { step: 1, points: [] }

/** A point at or before what is there: a later attempt has begun anew, and what lies beyond no longer counts. */
export function withPoint({ step, points }: Trend, point: TrendPoint): Trend {
  const before = points.filter(one => one.epoch < point.epoch)
  return fitted({ step, points: [...before, point] })
}

/** What was asked for, and what was told since that is newer. */
export function withAsked(told: Trend, asked: readonly TrendPoint[]): Trend {
  const newest = asked.at(-1)?.epoch ?? -1
  return fitted({ step: 1, points: [...asked, ...told.points.filter(one => one.epoch > newest)] })
}

function fitted({ step, points }: Trend): Trend {
  const bucket = (epoch: number): number => Math.floor(epoch / step)
  const kept = points.filter((one, at) => bucket(one.epoch) !== bucket(points[at + 1]?.epoch ?? -step))
  return kept.length <= MOST_POINTS ? { step, points: kept } : fitted({ step: 2 * step, points: kept })
}

const BEYOND: Readonly<Record<NonFinite, number>> = {
  nan: Number.NaN,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
}

/** null: it logged no loss. */
export function pointOfEpoch({ epoch, at, values, nonFinite }: Epoch): TrendPoint | null {
  const beyond = nonFinite?.loss
  const loss = beyond === undefined ? values.loss : BEYOND[beyond]
  return loss == null ? null : { epoch, loss, atMs: Date.parse(at) }
}

/** null: no epoch yet, or none with a loss. */
export function lossOfLine({ loss, lossNonFinite }: Pick<JobSummary, 'loss' | 'lossNonFinite'>): number | null {
  return lossNonFinite === null ? loss : BEYOND[lossNonFinite]
}

export interface Spark {
  /** An SVG path: lines where two numbers follow each other, dots where one stands alone. */
  path: string
  /** Places of values that are no numbers. */
  bad: readonly number[]
}

/** In a box from (pad, pad) to the other corner less pad. The lowest number lies at the bottom, a constant in the middle. */
export function sparkOf(points: readonly TrendPoint[], width: number, height: number, pad = 2): Spark {
  const first = points[0]?.epoch ?? 0
  const span = Math.max(1, (points.at(-1)?.epoch ?? 0) - first)
  const finite = points.map(({ loss }) => loss).filter(Number.isFinite)
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  const x = ({ epoch }: TrendPoint): number => tenth(pad + ((epoch - first) / span) * (width - 2 * pad))
  const y = ({ loss }: TrendPoint): number =>
    tenth(high === low ? height / 2 : height - pad - ((loss - low) / (high - low)) * (height - 2 * pad))
  let path = ''
  const isNumber = (at: number): boolean => Number.isFinite(points[at]?.loss)
  for (const [at, point] of points.entries()) {
    if (!isNumber(at)) continue
    path += isNumber(at - 1) ? `L${x(point)} ${y(point)}` : `M${x(point)} ${y(point)}`
    // A line of no length with round ends is a dot.
    if (!isNumber(at - 1) && !isNumber(at + 1)) path += 'h0'
  }
  return { path, bad: points.filter((_, at) => !isNumber(at)).map(x) }
}

/** For those who cannot see it; null: there is nothing to say. */
export function trendText(points: readonly TrendPoint[]): string | null {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || first === last) return null
  const bad = points.find(({ loss }) => !Number.isFinite(loss))
  const way = last.loss < first.loss ? 'fell' : last.loss > first.loss ? 'rose' : 'went'
  return bad === undefined
    ? `loss ${way} from ${shortFigure(first.loss)} to ${shortFigure(last.loss)}`
    : `loss became ${shortFigure(bad.loss)} by epoch ${bad.epoch + 1}`
}

const NEWEST = 6

/** From the times between the newest points; null: three are needed, in time and not at once. */
export function paceOfTrend({ points }: Trend): Pace | null {
  const newest = points.slice(-(NEWEST + 1))
  if (newest.length < 3) return null
  const steps = newest
    .slice(1)
    .map((point, at) => {
      const before = newest[at] ?? point
      return (point.atMs - before.atMs) / 1000 / Math.max(1, point.epoch - before.epoch)
    })
    .filter(seconds => seconds > 0)
    .sort((a, b) => a - b)
  if (steps.length < 2) return null
  const at = (share: number): number => steps[Math.min(steps.length - 1, Math.floor(share * steps.length))] ?? 0
  return { medianSeconds: at(0.5), lowSeconds: at(0.25), highSeconds: at(0.75) }
}

const tenth = (value: number): number => Math.round(value * 10) / 10
