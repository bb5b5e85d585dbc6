// One metric of several jobs on one grid. A job's colour and dash are its slot's, whatever else is shown.
import '../style/curves.css'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Compared, MOST_UNLABELLED } from '../chart/compare.ts'
import { extremesOf } from '../chart/extremes.ts'
import { placeBeside } from '../chart/hover.ts'
import { seriesLook } from '../colour/palette.ts'
import { AXIS_NAMES } from '../curves/chart.tsx'
import { pngOf } from '../curves/export-png.ts'
import { LegendLine } from '../curves/legend-line.tsx'
import { useUplot } from '../curves/uplot-room.ts'
import { save } from '../log-view/download-log.ts'
import type { XAxis } from '../router/view-states.ts'
import { FoldedTable } from '../shell/folded-table.tsx'
import { duration } from '../text/durations.ts'
import { count, figure } from '../text/figures.ts'
import { type CompareChartProps, dataOf, gridRows, optionsOf } from './draw-compare.ts'

const HEIGHT = 360

export function CompareChart(props: CompareChartProps) {
  const { comparison, jobs, hidden, names, metric, axis, xLog, yLog, ground, onHide, onZoom, onYLog } = props
  const [place, setPlace] = useState<number | null>(null)
  const [said, setSaid] = useState('')
  const newest = useRef(props)
  newest.current = props
  const { lines, xs, rows } = comparison
  const labelled = lines.filter(line => line.kind === 'counts').length > MOST_UNLABELLED
  const { room, chart } = useUplot({
    make: [metric, axis, xLog, yLog, ground, labelled, ...lines.map(line => `${line.job}/${line.kind}`)].join(' '),
    height: HEIGHT,
    optionsOf: size => optionsOf(() => newest.current, size, labelled, setPlace),
    dataOf: () => dataOf(newest.current),
    data: comparison,
  })
  useEffect(() => {
    chart.current?.setData(dataOf(newest.current))
  }, [props.zoom?.join(), props.range?.low, props.range?.high])

  const at = place === null ? null : (jobs.map(({ job }) => rows.get(job)?.[place] ?? -1).find(row => row >= 0) ?? null)
  const readingOf = ({ job, history }: Compared): number | undefined => {
    if (place === null) return extremesOf(history, metric)?.last.value
    const row = rows.get(job)?.[place] ?? -1
    return row < 0 ? undefined : history.valueOf(metric, row)
  }
  const x = place === null ? null : (xs[place] ?? null)
  const words =
    x === null
      ? ''
      : `${xName(axis, x)}: ${jobs
          .filter(({ job }) => !hidden.includes(job))
          .map(job => `${names.get(job.job) ?? job.job} ${valueText(readingOf(job))}`)
          .join(', ')}`
  useEffect(() => {
    const timer = setTimeout(() => setSaid(words), 400)
    return () => clearTimeout(timer)
  }, [words])

  const onKeyDown = (event: KeyboardEvent): void => {
    const { current: uplot } = chart
    if (!uplot || event.ctrlKey || event.metaKey || event.altKey) return
    const far = event.shiftKey ? 10 : 1
    const steps = event.key === 'ArrowRight' ? far : event.key === 'ArrowLeft' ? -far : 0
    if (steps !== 0) {
      const next = placeBeside({ rows: gridRows(comparison) }, place ?? (steps > 0 ? -1 : xs.length), steps)
      const to = Math.min(xs.length - 1, Math.max(0, next))
      uplot.setCursor({ left: uplot.valToPos(xs[to] ?? 0, 'x'), top: 10 })
    } else if (event.key === '0') onZoom(null)
    else if (event.key === 'y') onYLog()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const takePicture = async (): Promise<void> => {
    const { current: uplot } = chart
    if (!uplot) return
    const shown = jobs.filter(({ job }) => !hidden.includes(job))
    const blob = await pngOf(uplot, {
      title: `${metric} of ${count(shown.length, 'job')}`,
      subtitle: shown.map(({ job }) => `${names.get(job) ?? ''} (${job})`).join(', '),
      x: axis === 'clock' ? 'time since it began' : AXIS_NAMES[axis],
      y: yLog ? `${metric} (log)` : metric,
      lines: shown.map(({ job, slot }) => ({ name: names.get(job) ?? job, ...seriesLook(slot, ground) })),
      ground,
    })
    save(blob, `compare-${metric}.png`)
  }
  return (
    <figure class="figure" aria-label={`${metric} of ${count(jobs.length, 'job')}`}>
      <div
        ref={room}
        class="chart"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows move the cursor
        tabIndex={0}
        role="application"
        aria-label={`${metric} of ${count(jobs.length, 'job')} by ${AXIS_NAMES[axis]}. Arrows move the cursor.`}
        onKeyDown={onKeyDown}
      />
      <ul class="legend">
        <li class="legend-epoch faint">{x === null || at === null ? 'last' : xName(axis, x)}</li>
        {jobs.map(one => {
          const { colour, dash } = seriesLook(one.slot, ground)
          const extremes = extremesOf(one.history, metric)
          const off = hidden.includes(one.job)
          return (
            <li key={one.job}>
              <button
                type="button"
                class="plain legend-name"
                aria-pressed={!off}
                title={off ? 'Draw it' : 'Leave it out'}
                onClick={() => onHide(one.job)}
              >
                <LegendLine colour={colour} dash={dash} />
                {names.get(one.job) ?? one.job}
              </button>
              <b class="mono">{valueText(readingOf(one))}</b>
              {extremes !== null && (
                <span class="faint">
                  {extremes.goal} {figure(extremes.best.value)} at {count(one.history.epochOf(extremes.best.row) + 1)}
                </span>
              )}
            </li>
          )
        })}
      </ul>
      <div class="row spread">
        <FoldedTable
          label={`${metric} by ${AXIS_NAMES[axis]}`}
          table={() => ({
            heads: [
              axis === 'clock' ? 'time since it began' : AXIS_NAMES[axis],
              ...jobs.map(({ job }) => names.get(job) ?? job),
            ],
            rows: xs.map((value, index) => [
              xName(axis, value),
              ...jobs.map(({ job, history }) => {
                const row = rows.get(job)?.[index] ?? -1
                return row < 0 ? '' : valueText(history.valueOf(metric, row), '')
              }),
            ]),
          })}
        />
        <button type="button" onClick={() => void takePicture()} aria-label={`${metric} as a PNG`}>
          PNG
        </button>
      </div>
      <span class="unseen" role="status">
        {said}
      </span>
    </figure>
  )
}

const valueText = (value: number | undefined, none = '–'): string => (value === undefined ? none : figure(value))

const xName = (axis: XAxis, x: number): string =>
  axis === 'epoch' || axis === 'step'
    ? `${AXIS_NAMES[axis]} ${count(x)}`
    : `after ${duration(axis === 'clock' ? x / 1000 : x)}`
