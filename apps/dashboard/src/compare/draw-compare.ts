// What uPlot is told of several jobs on one grid: a line a job, in the look of its slot; by hooks, names at the ends of the lines and
// marks for values that are no numbers.
import type uPlot from 'uplot'
import type { Compared, Comparison } from '../chart/compare.ts'
import { endLabels } from '../chart/end-labels.ts'
import { nearestPlace } from '../chart/hover.ts'
import type { Y } from '../chart/plot.ts'
import { onLogAxis, type YRange } from '../chart/y-range.ts'
import { FAINT, type Ground, seriesLook } from '../colour/palette.ts'
import type { XAxis } from '../router/view-states.ts'
import { duration } from '../text/durations.ts'
import { count, shortFigure } from '../text/figures.ts'

const LABEL_ROOM = 132
const LABEL_HEIGHT = 15

export interface CompareChartProps {
  comparison: Comparison
  /** All that are compared, drawn or not, in their order. */
  jobs: readonly Compared[]
  hidden: readonly string[]
  names: ReadonlyMap<string, string>
  metric: string
  axis: XAxis
  xLog: boolean
  yLog: boolean
  range: YRange | null
  zoom: readonly [number, number] | null
  ground: Ground
  onHide: (job: string) => void
  onZoom: (zoom: readonly [number, number] | null) => void
  onYLog: () => void
}

/** By x: whether any job has an epoch there. */
export const gridRows = ({ xs, rows }: Comparison): number[] =>
  xs.map((_, at) => ([...rows.values()].some(own => (own[at] ?? -1) >= 0) ? at : -1))

export const dataOf = ({ comparison, yLog }: CompareChartProps): uPlot.AlignedData =>
  [comparison.xs, ...comparison.lines.map(({ ys }) => (yLog ? onLogAxis(ys).ys : ys))] as unknown as uPlot.AlignedData

export function optionsOf(
  now: () => CompareChartProps,
  size: { width: number; height: number },
  labelled: boolean,
  onPlace: (place: number | null) => void,
): uPlot.Options {
  const { comparison, axis, xLog, yLog, ground } = now()
  const { lines } = comparison
  const axisLook = { stroke: FAINT[ground], grid: { stroke: `${FAINT[ground]}33`, width: 1 }, ticks: { show: false } }
  const xText = (value: number): string =>
    axis === 'epoch' || axis === 'step'
      ? Number.isInteger(value)
        ? count(value)
        : ''
      : duration(axis === 'clock' ? value / 1000 : value)
  return {
    ...size,
    padding: [14, labelled ? Math.min(LABEL_ROOM, size.width / 3) : 12, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      dataIdx: (_chart, _series, _index, x) =>
        nearestPlace({ xs: now().comparison.xs, rows: gridRows(now().comparison) }, x),
      bind: {
        dblclick: () => () => {
          now().onZoom(null)
          return null
        },
      },
    },
    scales: {
      x: { time: false, distr: xLog ? 3 : 1, range: () => xRange(now()) },
      y: { distr: yLog ? 3 : 1, range: () => yRangeOf(now()) },
    },
    axes: [
      { ...axisLook, size: 34, values: (_chart, ticks) => ticks.map(tick => (tick == null ? '' : xText(tick))) },
      { ...axisLook, size: 62, values: (_chart, ticks) => ticks.map(tick => (tick == null ? '' : shortFigure(tick))) },
    ],
    series: [
      {},
      ...lines.map(({ slot, kind }): uPlot.Series => {
        const { colour, dash } = seriesLook(slot, ground)
        const faint = kind === 'counts' && lines.some(line => line.slot === slot && line.kind === 'smoothed')
        return { stroke: faint ? `${colour}4d` : colour, dash: [...dash], width: 2, points: { show: false } }
      }),
    ],
    hooks: {
      draw: [
        chart => {
          drawRails(chart, now())
          if (labelled) drawLabels(chart, now())
        },
      ],
      setCursor: [chart => onPlace(chart.cursor.idx ?? null)],
      setSelect: [
        chart => {
          const { left, width } = chart.select
          if (width < 4) return
          now().onZoom([chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x')])
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        },
      ],
    },
  }
}

function xRange({ comparison: { xs }, zoom, xLog }: CompareChartProps): [number, number] {
  if (zoom !== null) return [xLog ? Math.max(zoom[0], 1e-9) : zoom[0], zoom[1]]
  const [first = 0, last = 1] = [xs[0], xs.at(-1)]
  if (last > first) return [xLog && first <= 0 ? last / 1e4 : first, last]
  return xLog ? [Math.max(first, 1) / 2, Math.max(first, 1) * 2] : [first - 1, first + 1]
}

function yRangeOf({ range, yLog }: CompareChartProps): [number, number] {
  if (range === null) return yLog ? [0.1, 1] : [0, 1]
  const { low, high } = range
  if (yLog) return [low / 1.15, high * 1.15]
  const margin = (high - low) * 0.05
  return [low >= 0 && low - margin < 0 ? 0 : low - margin, high + margin]
}

/** Values that are no numbers, where they are: at the top, those below all others at the bottom. */
function drawRails(chart: uPlot, { comparison: { xs, rows }, jobs, hidden, metric, ground }: CompareChartProps): void {
  const { ctx, bbox } = chart
  const unit = devicePixelRatio
  ctx.save()
  for (const { job, slot, history } of jobs) {
    if (hidden.includes(job)) continue
    ctx.fillStyle = seriesLook(slot, ground).colour
    for (const [at, row] of (rows.get(job) ?? []).entries()) {
      const value = row < 0 ? undefined : history.valueOf(metric, row)
      const x = chart.valToPos(xs[at] ?? 0, 'x', true)
      if (value === undefined || Number.isFinite(value) || x < bbox.left || x > bbox.left + bbox.width) continue
      const up = value !== Number.NEGATIVE_INFINITY
      const y = up ? bbox.top - 2 * unit : bbox.top + bbox.height + 2 * unit
      ctx.beginPath()
      ctx.moveTo(x, up ? y - 6 * unit : y + 6 * unit)
      ctx.lineTo(x - 4 * unit, y)
      ctx.lineTo(x + 4 * unit, y)
      ctx.fill()
    }
  }
  ctx.restore()
}

/** Beside the last value of each job that is in view. */
function drawLabels(chart: uPlot, { comparison, names, ground }: CompareChartProps): void {
  const { ctx, bbox } = chart
  const unit = devicePixelRatio
  const ends = comparison.lines
    .filter(line => line.kind === 'counts')
    .flatMap(line => {
      const y = lastInView(comparison.xs, line.ys, chart.scales.x?.max ?? Number.POSITIVE_INFINITY)
      const end = y === null ? Number.NaN : chart.valToPos(y, 'y', true) - bbox.top
      return Number.isFinite(end) ? [{ text: line.job, end: Math.min(bbox.height, Math.max(0, end)) }] : []
    })
  const slots = new Map(comparison.lines.map(({ job, slot }) => [job, slot]))
  ctx.save()
  ctx.font = `${11 * unit}px system-ui, sans-serif`
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  ctx.setLineDash([])
  const left = bbox.left + bbox.width + 4 * unit
  const room = ctx.canvas.width - left - 14 * unit
  for (const { text: job, end, top } of endLabels(ends, bbox.height, LABEL_HEIGHT * unit)) {
    const { colour } = seriesLook(slots.get(job) ?? 0, ground)
    ctx.strokeStyle = colour
    ctx.lineWidth = unit
    ctx.beginPath()
    ctx.moveTo(left - 3 * unit, bbox.top + end)
    ctx.lineTo(left + 8 * unit, bbox.top + top)
    ctx.stroke()
    ctx.fillStyle = colour
    ctx.fillText(fitted(ctx, names.get(job) ?? job, room), left + 11 * unit, bbox.top + top)
  }
  ctx.restore()
}

function lastInView(xs: readonly number[], ys: readonly Y[], end: number): number | null {
  for (let at = xs.length - 1; at >= 0; at--) {
    const y = ys[at]
    if ((xs[at] as number) <= end && typeof y === 'number') return y
  }
  return null
}

function fitted(ctx: CanvasRenderingContext2D, text: string, room: number): string {
  if (ctx.measureText(text).width <= room) return text
  let length = text.length - 1
  while (length > 1 && ctx.measureText(`${text.slice(0, length)}…`).width > room) length -= 1
  return `${text.slice(0, length)}…`
}
