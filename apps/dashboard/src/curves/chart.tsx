// One family of metrics: the chart, its sentence, its legend with the values under the cursor. The canvas is for eyes; keys move the
// cursor, and what stands there is told.
import { useEffect, useRef, useState } from 'preact/hooks'
import { STEP } from '../chart/axes.ts'
import { extremesOf } from '../chart/extremes.ts'
import type { EpochHistory } from '../chart/history.ts'
import { hoverAt, hoverText, nearestPlace, placeBeside } from '../chart/hover.ts'
import { isLessened, newerText } from '../chart/plot.ts'
import { chartSentence } from '../chart/sentence.ts'
import type { YSettings } from '../chart/y-settings.ts'
import { save } from '../log-view/download-log.ts'
import type { XAxis } from '../router/view-states.ts'
import { count, figure } from '../text/figures.ts'
import { dataOf, lookOf, makeBold, makeOf, optionsOf, type Picture } from './draw.ts'
import { pngOf } from './export-png.ts'
import { LegendLine } from './legend-line.tsx'
import { useUplot } from './uplot-room.ts'

const HEIGHT = 260
const SAY_AFTER_MS = 400
export const AXIS_NAMES: Readonly<Record<XAxis, string>> = {
  epoch: 'epoch',
  step: STEP,
  trained: 'trained time',
  clock: 'clock time',
}

interface ChartProps {
  /** Of the job, for pictures that are taken away. */
  jobName: string
  name: string
  history: EpochHistory
  picture: Picture
  smoothing: number
  y: YSettings
  hidden: readonly string[]
  onY: (settings: YSettings) => void
  onHide: (metric: string) => void
  onZoom: (zoom: readonly [number, number] | null) => void
  /** Keys that mean something to all charts of the page. */
  onKey: (key: string) => boolean
}

export function Chart(props: ChartProps) {
  const { jobName, name, history, picture, smoothing, y, hidden, onY, onHide, onZoom, onKey } = props
  const newest = useRef(picture)
  const [place, setPlace] = useState<number | null>(null)
  const [nearest, setNearest] = useState<string | null>(null)
  const [said, setSaid] = useState('')
  newest.current = picture

  const hover = place === null ? null : hoverAt(history, picture.plot, place)
  const words = hover === null ? '' : hoverText(hover)
  useEffect(() => {
    const timer = setTimeout(() => setSaid(words), SAY_AFTER_MS)
    return () => clearTimeout(timer)
  }, [words])

  const copy = async (): Promise<void> => {
    if (hover === null) return
    const metric = nearest ?? hover.values[0]?.metric
    const value = metric === undefined ? undefined : history.valueOf(metric, hover.row)
    if (value === undefined) return
    try {
      await navigator.clipboard.writeText(String(value))
      setSaid(`copied ${metric} ${value} of epoch ${hover.epoch}`)
    } catch {
      setSaid('the browser does not allow copying')
    }
  }
  const told = useRef({ copy, onZoom })
  told.current = { copy, onZoom }

  const { room, chart } = useUplot({
    make: makeOf(picture),
    height: HEIGHT,
    optionsOf: size =>
      optionsOf(() => newest.current, size, {
        onCursor(at, metric) {
          setPlace(at)
          setNearest(metric)
        },
        onPick: () => void told.current.copy(),
        onZoom: zoom => told.current.onZoom(zoom),
        nearest: x => nearestPlace(newest.current.plot, x),
      }),
    dataOf: () => dataOf(newest.current),
    data: picture,
  })
  useEffect(() => {
    if (chart.current) makeBold(chart.current, picture, nearest)
  }, [nearest])

  const move = (steps: number): void => {
    const { current: uplot } = chart
    if (!uplot) return
    const last = picture.plot.xs.length - 1
    const next = placeBeside(picture.plot, place ?? (steps > 0 ? -1 : last + 1), steps)
    const at = Math.min(last, Math.max(0, next))
    const height = picture.columns.map(column => column[at]).find(value => typeof value === 'number') ?? 0
    uplot.setCursor({ left: uplot.valToPos(picture.plot.xs[at] ?? 0, 'x'), top: uplot.valToPos(height, 'y') })
  }
  const zoomBy = (factor: number): void => {
    const { min, max } = chart.current?.scales.x ?? {}
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
    else if (event.key === 'Enter') void copy()
    else if (event.key === 'y') onY({ ...y, log: !y.log })
    else if (!onKey(event.key)) return
    event.preventDefault()
    event.stopPropagation()
  }

  const { metrics, ground, range, floor, axis } = picture
  const sentence = chartSentence(history, metrics)
  const takePicture = async (): Promise<void> => {
    const { current: uplot } = chart
    if (!uplot) return
    const lines = metrics
      .filter(metric => !hidden.includes(metric))
      .map(metric => ({ name: metric, ...lookOf(metric, metrics, ground) }))
    const smooth = smoothing > 0 ? ` · smoothed ${smoothing}` : ''
    try {
      const blob = await pngOf(uplot, {
        title: `${jobName}: ${name}`,
        subtitle: `${sentence}${smooth}`,
        x: AXIS_NAMES[axis],
        y: y.log ? `${name} (log)` : name,
        lines,
        ground,
      })
      save(blob, `${jobName}-${name}.png`)
    } catch (error) {
      setSaid((error as Error).message)
    }
  }
  const newer = newerText(history, { axis }, picture.zoom)
  const beyond = range === null ? 0 : range.above + range.below
  return (
    <figure class="figure" aria-label={`${name}: ${sentence}`}>
      <figcaption class="row spread">
        <h2>{name}</h2>
        <fieldset class="chart-tools" aria-label={`The y axis of ${name}`}>
          <button type="button" aria-pressed={y.log} onClick={() => onY({ ...y, log: !y.log })} title="y">
            log y
          </button>
          <button
            type="button"
            aria-pressed={y.fit === 'middle'}
            onClick={() => onY({ ...y, fit: y.fit === 'all' ? 'middle' : 'all' })}
          >
            fit 1–99 %
          </button>
          <button
            type="button"
            aria-pressed={y.includeZero}
            disabled={y.log}
            onClick={() => onY({ ...y, includeZero: !y.includeZero })}
          >
            zero
          </button>
          <button type="button" onClick={() => void takePicture()} aria-label={`${name} as a PNG`}>
            PNG
          </button>
        </fieldset>
      </figcaption>
      <div
        ref={room}
        class="chart"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows move the cursor
        tabIndex={0}
        role="application"
        aria-label={`${name} by ${AXIS_NAMES[axis]}. Arrows move the cursor, Enter copies the value.`}
        onKeyDown={onKeyDown}
      />
      <ul class="legend">
        <li class="legend-epoch faint">
          {hover === null
            ? 'last'
            : `epoch ${count(hover.epoch)}${history.attempts.length > 1 ? `, attempt ${hover.attempt}` : ''}`}
        </li>
        {metrics.map(metric => {
          const { colour, dash } = lookOf(metric, metrics, ground)
          const at = hover?.values.find(value => value.metric === metric)
          const extremes = extremesOf(history, metric)
          const off = hidden.includes(metric)
          return (
            <li key={metric} class={metric === nearest && hover !== null ? 'nearest' : ''}>
              <button
                type="button"
                class="plain legend-name"
                aria-pressed={!off}
                onClick={() => onHide(metric)}
                title={off ? 'Draw it' : 'Leave it out'}
              >
                <LegendLine colour={colour} dash={dash} />
                {metric}
              </button>
              <b class="mono">
                {hover === null ? (extremes === null ? '' : figure(extremes.last.value)) : (at?.text ?? '–')}
              </b>
              {at?.smoothed != null && <span class="faint">smoothed {at.smoothed}</span>}
              {hover === null && extremes !== null && (
                <span class="faint">
                  {extremes.goal} {figure(extremes.best.value)} at {count(history.epochOf(extremes.best.row) + 1)}
                </span>
              )}
            </li>
          )
        })}
      </ul>
      <p class="small faint">
        {sentence}
        {smoothing > 0 && ` Smoothed ${smoothing}; what was reported is behind it.`}
        {isLessened(picture.plot) &&
          ` Shown: ${count(picture.plot.shown)} of ${count(picture.plot.of)} (first, last, lowest and highest of every ${count(picture.plot.bucket, 'epoch')}).`}
        {floor.length > 0 && ` ${count(floor.length, 'value')} of 0 or less, marked on the floor.`}
      </p>
      {(newer !== null || beyond > 0 || hidden.some(metric => metrics.includes(metric))) && (
        <div class="row chips">
          {newer !== null && (
            <button type="button" class="chip" onClick={() => onZoom(null)} title="0">
              {newer} →
            </button>
          )}
          {beyond > 0 && (
            <button type="button" class="chip" onClick={() => onY({ ...y, fit: 'all' })}>
              {count(beyond, 'value')} beyond the edges: fit all
            </button>
          )}
          {metrics
            .filter(metric => hidden.includes(metric))
            .map(metric => (
              <button type="button" class="chip" key={metric} onClick={() => onHide(metric)}>
                {metric} is not drawn: draw it
              </button>
            ))}
        </div>
      )}
      <span class="unseen" role="status">
        {said}
      </span>
    </figure>
  )
}
