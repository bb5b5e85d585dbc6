// One family of metrics: the chart, its sentence, its legend with the values under the cursor. The canvas is for eyes; keys move the
// cursor, and what stands there is told.
import { LegendLine } from './legend-line.tsx'
import 'uplot/dist/uPlot.min.css'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { extremesOf } from '../chart/extremes.ts'
import type { EpochHistory } from '../chart/history.ts'
import { hoverAt, hoverText, nearestPlace, placeBeside } from '../chart/hover.ts'
import { isLessened, newerText } from '../chart/plot.ts'
import { chartSentence } from '../chart/sentence.ts'
import { count, figure } from '../text/figures.ts'
import { dataOf, lookOf, makeOf, optionsOf, type Picture } from './draw.ts'

const HEIGHT = 260
/** Four a second, and none while nobody looks. */
const DRAW_EVERY_MS = 250
const SAY_AFTER_MS = 400

interface ChartProps {
  name: string
  history: EpochHistory
  picture: Picture
  smoothing: number
  onZoom: (zoom: readonly [number, number] | null) => void
  /** Keys that mean something to all charts of the page. */
  onKey: (key: string) => boolean
}

export function Chart({ name, history, picture, smoothing, onZoom, onKey }: ChartProps) {
  const room = useRef<HTMLDivElement>(null)
  const chart = useRef<{ uplot: uPlot; make: string } | null>(null)
  const newest = useRef(picture)
  const [place, setPlace] = useState<number | null>(null)
  const [said, setSaid] = useState('')
  const zooming = useRef(onZoom)
  zooming.current = onZoom
  newest.current = picture
  const make = makeOf(picture)

  useLayoutEffect(() => {
    const { current: into } = room
    if (!into) return
    const uplot = new uPlot(
      optionsOf(
        () => newest.current,
        { width: into.clientWidth, height: HEIGHT },
        {
          onCursor: setPlace,
          onZoom: zoom => zooming.current(zoom),
          nearest: x => nearestPlace(newest.current.plot, x),
        },
      ),
      dataOf(newest.current),
      into,
    )
    uplot.root.setAttribute('aria-hidden', 'true')
    chart.current = { uplot, make }
    const watching = new ResizeObserver(() => {
      if (into.clientWidth > 0) uplot.setSize({ width: into.clientWidth, height: HEIGHT })
    })
    watching.observe(into)
    return () => {
      watching.disconnect()
      uplot.destroy()
      chart.current = null
    }
  }, [make])

  // What grew is drawn at most four times a second.
  const drawnAt = useRef(0)
  useEffect(() => {
    const wait = Math.max(0, drawnAt.current + DRAW_EVERY_MS - performance.now())
    const timer = setTimeout(() => {
      requestAnimationFrame(() => {
        drawnAt.current = performance.now()
        chart.current?.uplot.setData(dataOf(newest.current))
      })
    }, wait)
    return () => clearTimeout(timer)
  }, [picture])

  const hover = place === null ? null : hoverAt(history, picture.plot, place)
  const words = hover === null ? '' : hoverText(hover)
  useEffect(() => {
    const timer = setTimeout(() => setSaid(words), SAY_AFTER_MS)
    return () => clearTimeout(timer)
  }, [words])

  const move = (steps: number): void => {
    const { uplot } = chart.current ?? {}
    if (!uplot) return
    const last = picture.plot.xs.length - 1
    const next = placeBeside(picture.plot, place ?? (steps > 0 ? -1 : last + 1), steps)
    const at = Math.min(last, Math.max(0, next))
    const y = picture.columns.map(column => column[at]).find(value => typeof value === 'number') ?? 0
    uplot.setCursor({ left: uplot.valToPos(picture.plot.xs[at] ?? 0, 'x'), top: uplot.valToPos(y, 'y') })
  }
  const zoomBy = (factor: number): void => {
    const { uplot } = chart.current ?? {}
    const { min, max } = uplot?.scales.x ?? {}
    if (min == null || max == null) return
    const middle = hover === null || place === null ? (min + max) / 2 : (picture.plot.xs[place] ?? (min + max) / 2)
    onZoom([middle - (middle - min) * factor, middle + (max - middle) * factor])
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const far = event.shiftKey ? 10 : 1
    if (event.key === 'ArrowRight') move(far)
    else if (event.key === 'ArrowLeft') move(-far)
    else if (event.key === '+' || event.key === '=') zoomBy(0.5)
    else if (event.key === '-') zoomBy(2)
    else if (event.key === '0') onZoom(null)
    else if (!onKey(event.key)) return
    event.preventDefault()
    event.stopPropagation()
  }

  const { metrics, ground, range, floor } = picture
  const newer = newerText(history, { axis: picture.axis }, picture.zoom)
  return (
    <figure class="figure" aria-label={`${name}: ${chartSentence(history, metrics)}`}>
      <figcaption class="row spread">
        <h2>{name}</h2>
        <span class="small faint">
          {hover === null
            ? ''
            : `epoch ${count(hover.epoch)}${history.attempts.length > 1 ? `, attempt ${hover.attempt}` : ''}`}
        </span>
      </figcaption>
      <div
        ref={room}
        class="chart"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows move the cursor
        tabIndex={0}
        role="application"
        aria-label={`${name} by ${picture.axis}. Arrows move the cursor.`}
        onKeyDown={onKeyDown}
      />
      <ul class="legend">
        {metrics.map(metric => {
          const { colour, dash } = lookOf(metric, metrics, ground)
          const at = hover?.values.find(value => value.metric === metric)
          const extremes = extremesOf(history, metric)
          return (
            <li key={metric}>
              <LegendLine colour={colour} dash={dash} />
              <span>{metric}</span>
              <b class="mono">{at?.text ?? (extremes === null ? '' : figure(extremes.last.value))}</b>
              {at?.smoothed != null && <span class="faint">smoothed {at.smoothed}</span>}
              {at === undefined && extremes !== null && (
                <span class="faint">
                  {extremes.goal} {figure(extremes.best.value)} at {count(history.epochOf(extremes.best.row) + 1)}
                </span>
              )}
            </li>
          )
        })}
      </ul>
      <p class="small faint">
        {chartSentence(history, metrics)}
        {smoothing > 0 && ` Smoothed ${smoothing}; what was reported is behind it.`}
        {newer !== null && ` ${newer.charAt(0).toUpperCase()}${newer.slice(1)}: 0 shows all.`}
        {isLessened(picture.plot) &&
          ` Shown: ${count(picture.plot.shown)} of ${count(picture.plot.of)} (lowest and highest of every ${count(picture.plot.bucket, 'epoch')}).`}
        {floor.length > 0 && ` ${count(floor.length, 'value')} of 0 or less, marked on the floor.`}
        {range !== null &&
          range.above + range.below > 0 &&
          ` ${count(range.above + range.below, 'value')} beyond the edges.`}
      </p>
      <span class="unseen" role="status">
        {said}
      </span>
    </figure>
  )
}
