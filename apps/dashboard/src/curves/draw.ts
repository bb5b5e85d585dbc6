// What uPlot is told of a family's plot: lines, axes, and by hooks what it does not know: bands of attempts, the rail of values that are no
// numbers, marks on the floor of a log axis, dots where a value stands alone.
import type uPlot from 'uplot'
import type { Band } from '../chart/attempt-bands.ts'
import { isValidation } from '../chart/families.ts'
import { nearestLine } from '../chart/hover.ts'
import type { RailMark } from '../chart/non-finite.ts'
import { lonePlaces, type Plot, type PlotLine, type Y } from '../chart/plot.ts'
import type { YRange } from '../chart/y-range.ts'
import { FAINT, GROUND, type Ground, seriesLook, TEXT } from '../colour/palette.ts'
import type { XAxis } from '../router/view-states.ts'
import { duration } from '../text/durations.ts'
import { count, shortFigure } from '../text/figures.ts'

export interface Picture {
  plot: Plot
  /** As drawn: on a log axis without what has no place there. */
  columns: readonly (readonly Y[])[]
  floor: readonly number[]
  rails: readonly RailMark[]
  bands: readonly { band: Band; text: string }[]
  /** All of the family, drawn or not: a line's colour is its place here. */
  metrics: readonly string[]
  range: YRange | null
  axis: XAxis
  xLog: boolean
  yLog: boolean
  zoom: readonly [number, number] | null
  ground: Ground
}

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif'
const BAND: Readonly<Record<Ground, string>> = { light: 'rgb(11 95 165 / 5%)', dark: 'rgb(108 182 255 / 7%)' }
const GRID: Readonly<Record<Ground, string>> = { light: '#e3e7ec', dark: '#232c36' }

/** What changes the picture's make: another one needs another uPlot, all else is new data. */
export const makeOf = ({ plot, axis, xLog, yLog, ground }: Picture): string =>
  [axis, xLog, yLog, ground, ...plot.lines.map(line => `${line.metric}/${line.kind}/${line.attempt}`)].join(' ')

export const dataOf = ({ plot, columns }: Picture): uPlot.AlignedData =>
  [plot.xs, ...columns] as unknown as uPlot.AlignedData

export interface Told {
  /** @param nearest the metric whose line is nearest to the pointer; null: none has a value there */
  onCursor(place: number | null, nearest: string | null): void
  /** A click that was no zoom. */
  onPick(): void
  onZoom(zoom: readonly [number, number] | null): void
  nearest(x: number): number
}

/** @param now the newest picture: hooks draw that one, not the one that the chart was made with */
export function optionsOf(now: () => Picture, size: { width: number; height: number }, told: Told): uPlot.Options {
  const { plot, axis, xLog, yLog, ground, metrics } = now()
  const axisLook = {
    stroke: FAINT[ground],
    font: FONT,
    grid: { stroke: GRID[ground], width: 1 },
    ticks: { stroke: GRID[ground], width: 1, size: 5 },
  }
  return {
    ...size,
    // Milliseconds, as all times here.
    ms: 1,
    padding: [14, 12, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      sync: { key: 'epochs', scales: ['x', null] },
      points: { size: 7 },
      dataIdx: (_chart, _series, _index, x) => told.nearest(x),
      bind: {
        dblclick: () => () => {
          told.onZoom(null)
          return null
        },
      },
    },
    scales: {
      x: { time: axis === 'clock', distr: xLog ? 3 : 1, range: () => xRange(now()) },
      y: { distr: yLog ? 3 : 1, range: () => yRange(now()) },
    },
    axes: [
      {
        ...axisLook,
        size: 34,
        ...(axis === 'clock'
          ? {}
          : { values: (_chart, ticks) => ticks.map(tick => (tick == null ? '' : xText(axis, tick))) }),
      },
      { ...axisLook, size: 62, values: (_chart, ticks) => ticks.map(tick => (tick == null ? '' : shortFigure(tick))) },
    ],
    series: [{}, ...plot.lines.map(line => seriesOf(line, metrics, plot, ground))],
    hooks: {
      drawClear: [chart => drawBands(chart, now())],
      draw: [chart => drawMarks(chart, now())],
      ready: [chart => listenToClicks(chart, told.onPick)],
      setCursor: [
        chart => {
          const place = chart.cursor.idx ?? null
          told.onCursor(place, place === null ? null : nearestMetric(chart, now(), place))
        },
      ],
      setSelect: [
        chart => {
          const { left, width } = chart.select
          if (width < 4) return
          told.onZoom([chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x')])
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        },
      ],
    },
  }
}

/** Lines that are behind others are not read. */
function nearestMetric(chart: uPlot, { plot, columns }: Picture, place: number): string | null {
  const top = chart.cursor.top ?? -1
  if (top < 0) return null
  const read = plot.lines.map(({ kind }, at) => ({ ys: kind === 'superseded' ? [] : (columns[at] ?? []) }))
  const nearest = nearestLine(read, place, y => Math.abs(chart.valToPos(y, 'y') - top))
  return plot.lines[nearest]?.metric ?? null
}

function listenToClicks(chart: uPlot, onPick: () => void): void {
  let from: number | null = null
  chart.over.addEventListener('pointerdown', event => {
    from = event.clientX
  })
  chart.over.addEventListener('click', event => {
    if (from !== null && Math.abs(event.clientX - from) < 4) onPick()
  })
}

/** The nearest line is thicker; nothing else changes with the pointer. */
export function makeBold(chart: uPlot, { plot }: Picture, nearest: string | null): void {
  let changed = false
  for (const [at, { metric, kind }] of plot.lines.entries()) {
    const series = chart.series[at + 1]
    if (series === undefined || kind === 'superseded') continue
    const width = metric === nearest ? 3 : 2
    changed ||= series.width !== width
    series.width = width
  }
  if (changed) chart.redraw(false)
}

/** Training solid, validation dashed, in the same order everywhere. */
export function lookOf(metric: string, metrics: readonly string[], ground: Ground): { colour: string; dash: number[] } {
  const { colour } = seriesLook(Math.max(0, metrics.indexOf(metric)), ground)
  return { colour, dash: isValidation(metric) ? [7, 4] : [] }
}

function seriesOf(line: PlotLine, metrics: readonly string[], plot: Plot, ground: Ground): uPlot.Series {
  const { colour, dash } = lookOf(line.metric, metrics, ground)
  const smoothedToo = plot.lines.some(other => other.kind === 'smoothed' && other.metric === line.metric)
  const faint = line.kind === 'superseded' || (line.kind === 'counts' && smoothedToo)
  return {
    label: line.metric,
    stroke: faint ? `${colour}${line.kind === 'superseded' ? '80' : '4d'}` : colour,
    width: line.kind === 'superseded' ? 1 : 2,
    dash: line.kind === 'superseded' ? [3, 3] : dash,
    spanGaps: false,
    points: { show: false },
  }
}

function xRange({ plot, zoom, xLog }: Picture): [number, number] {
  if (zoom !== null) return [xLog ? Math.max(zoom[0], 1e-9) : zoom[0], zoom[1]]
  const [first = 0, last = 1] = [plot.xs[0], plot.xs.at(-1)]
  if (last > first) return [xLog && first <= 0 ? last / 1e4 : first, last]
  return xLog ? [Math.max(first, 1) / 2, Math.max(first, 1) * 2] : [first - 1, first + 1]
}

function yRange({ range, yLog }: Picture): [number, number] {
  if (range === null) return yLog ? [0.1, 1] : [0, 1]
  const { low, high } = range
  if (yLog) return [low / 1.15, high * 1.15]
  const margin = (high - low) * 0.05
  return [low >= 0 && low - margin < 0 ? 0 : low - margin, high + margin]
}

const xText = (axis: XAxis, value: number): string =>
  axis === 'trained' ? duration(value) : Number.isInteger(value) ? count(value) : ''

function drawBands(chart: uPlot, { bands, ground }: Picture): void {
  if (bands.length < 2) return
  const { ctx, bbox } = chart
  ctx.save()
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`
  ctx.fillStyle = BAND[ground]
  for (const [at, { band, text }] of bands.entries()) {
    const left = Math.max(bbox.left, chart.valToPos(band.from, 'x', true))
    const right = Math.min(bbox.left + bbox.width, chart.valToPos(band.to, 'x', true))
    if (right <= left) continue
    if (at % 2 === 1) {
      ctx.fillStyle = BAND[ground]
      ctx.fillRect(left, bbox.top, right - left, bbox.height)
    }
    if (at === 0) continue
    ctx.strokeStyle = FAINT[ground]
    ctx.lineWidth = devicePixelRatio
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio])
    ctx.beginPath()
    ctx.moveTo(left, bbox.top)
    ctx.lineTo(left, bbox.top + bbox.height)
    ctx.stroke()
    ctx.setLineDash([])
    const gap = 4 * devicePixelRatio
    const width = ctx.measureText(text).width
    const from = left + width + 2 * gap > bbox.left + bbox.width ? left - gap - width : left + gap
    ctx.fillStyle = GROUND[ground]
    ctx.fillRect(from - gap / 2, bbox.top + gap / 2, width + gap, 13 * devicePixelRatio)
    ctx.fillStyle = FAINT[ground]
    ctx.fillText(text, from, bbox.top + 12 * devicePixelRatio)
  }
  ctx.restore()
}

function drawMarks(chart: uPlot, { plot, columns, rails, floor, metrics, ground }: Picture): void {
  const { ctx, bbox } = chart
  const unit = devicePixelRatio
  ctx.save()
  for (const { at, metric, kind } of rails) {
    const x = chart.valToPos(plot.xs[at] ?? 0, 'x', true)
    const up = kind !== '-inf'
    const y = up ? bbox.top + 2 * unit : bbox.top + bbox.height - 2 * unit
    ctx.fillStyle = lookOf(metric, metrics, ground).colour
    ctx.beginPath()
    ctx.moveTo(x, up ? y - 6 * unit : y + 6 * unit)
    ctx.lineTo(x - 4 * unit, y)
    ctx.lineTo(x + 4 * unit, y)
    ctx.fill()
  }
  ctx.fillStyle = TEXT[ground]
  for (const at of floor) {
    const x = chart.valToPos(plot.xs[at] ?? 0, 'x', true)
    ctx.fillRect(x - unit, bbox.top + bbox.height - 5 * unit, 2 * unit, 5 * unit)
  }
  for (const [n, line] of plot.lines.entries()) {
    ctx.fillStyle = lookOf(line.metric, metrics, ground).colour
    if (line.kind !== 'superseded') drawBeyond(chart, plot.xs, columns[n] ?? [])
    for (const at of lonePlaces(columns[n] ?? [])) {
      const y = columns[n]?.[at]
      if (typeof y !== 'number') continue
      ctx.beginPath()
      ctx.arc(chart.valToPos(plot.xs[at] ?? 0, 'x', true), chart.valToPos(y, 'y', true), 3 * unit, 0, 2 * Math.PI)
      ctx.fill()
    }
  }
  ctx.restore()
}

/** An arrow at the edge for what the axis does not reach, at most one for every few pixels. */
function drawBeyond(chart: uPlot, xs: readonly number[], ys: readonly Y[]): void {
  const { ctx, bbox } = chart
  const { min, max } = chart.scales.y ?? {}
  if (min == null || max == null) return
  const unit = devicePixelRatio
  const drawn = { up: Number.NEGATIVE_INFINITY, down: Number.NEGATIVE_INFINITY }
  for (const [at, y] of ys.entries()) {
    if (typeof y !== 'number' || (y <= max && y >= min)) continue
    const x = chart.valToPos(xs[at] ?? 0, 'x', true)
    const side = y > max ? 'up' : 'down'
    if (x < bbox.left || x > bbox.left + bbox.width || x - drawn[side] < 6 * unit) continue
    drawn[side] = x
    const edge = side === 'up' ? bbox.top : bbox.top + bbox.height
    const inwards = side === 'up' ? 6 * unit : -6 * unit
    ctx.beginPath()
    ctx.moveTo(x, edge)
    ctx.lineTo(x - 3 * unit, edge + inwards)
    ctx.lineTo(x + 3 * unit, edge + inwards)
    ctx.fill()
  }
}
