// One metric of several jobs on one grid. A job's colour and dash are its slot's, whatever else is shown.
import { LegendLine } from '../curves/legend-line.tsx'
import 'uplot/dist/uPlot.min.css'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import type { Comparison } from '../chart/compare.ts'
import { goalOf } from '../chart/families.ts'
import type { Y } from '../chart/plot.ts'
import { onLogAxis } from '../chart/y-range.ts'
import { FAINT, type Ground, seriesLook } from '../colour/palette.ts'
import type { XAxis } from '../router/view-states.ts'
import { duration } from '../text/durations.ts'
import { count, figure, shortFigure } from '../text/figures.ts'

const HEIGHT = 340

interface ChartProps {
  comparison: Comparison
  names: ReadonlyMap<string, string>
  metric: string
  axis: XAxis
  yLog: boolean
  ground: Ground
  drawing: number
}

export function CompareChart({ comparison, names, metric, axis, yLog, ground, drawing }: ChartProps) {
  const room = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState<number | null>(null)
  const { xs, lines } = comparison
  const columns = lines.map(({ ys }) => (yLog ? onLogAxis(ys).ys : ys))
  const make = `${metric} ${axis} ${yLog} ${ground} ${drawing} ${lines.map(line => `${line.job}${line.kind}`).join()}`

  // A comparison changes seldom: it is drawn anew, whole.
  useLayoutEffect(() => {
    const { current: into } = room
    if (!into) return
    const data = [xs, ...columns] as unknown as uPlot.AlignedData
    const chart = new uPlot(optionsOf({ lines, axis, yLog, ground, onPlace: setPlace }, into.clientWidth), data, into)
    chart.root.setAttribute('aria-hidden', 'true')
    const watching = new ResizeObserver(
      () => into.clientWidth > 0 && chart.setSize({ width: into.clientWidth, height: HEIGHT }),
    )
    watching.observe(into)
    return () => {
      watching.disconnect()
      chart.destroy()
    }
  }, [make])

  const drawn = lines.filter(line => line.kind === 'counts')
  const goal = goalOf(metric)
  const best = (ys: readonly Y[]): number =>
    ys.reduce<number>(
      (found, y) => (typeof y === 'number' && !(goal === 'lowest' ? y >= found : y <= found) ? y : found),
      Number.NaN,
    )
  return (
    <figure class="figure" aria-label={`${metric} of ${count(drawn.length, 'job')}`}>
      <div ref={room} class="chart" />
      <ul class="legend">
        {drawn.map(({ job, slot, ys }) => {
          const { colour, dash } = seriesLook(slot, ground)
          const at = place === null ? lastOf(ys) : ys[place]
          return (
            <li key={job}>
              <LegendLine colour={colour} dash={dash} />
              {names.get(job) ?? job}
              <b class="mono">{typeof at === 'number' ? figure(at) : '–'}</b>
              <span class="faint">
                {goal} {figure(best(ys))}
              </span>
            </li>
          )
        })}
      </ul>
    </figure>
  )
}

const lastOf = (ys: readonly Y[]): Y => ys.findLast(y => typeof y === 'number')

interface Drawn {
  lines: Comparison['lines']
  axis: XAxis
  yLog: boolean
  ground: Ground
  onPlace: (place: number | null) => void
}

function optionsOf({ lines, axis, yLog, ground, onPlace }: Drawn, width: number): uPlot.Options {
  const axisLook = { stroke: FAINT[ground], grid: { stroke: `${FAINT[ground]}33`, width: 1 }, ticks: { show: false } }
  const xText = (value: number): string =>
    axis === 'epoch' ? (Number.isInteger(value) ? count(value) : '') : duration(axis === 'clock' ? value / 1000 : value)
  return {
    width,
    height: HEIGHT,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: true, y: false } },
    scales: { x: { time: false }, y: { distr: yLog ? 3 : 1 } },
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
    hooks: { setCursor: [chart => onPlace(chart.cursor.idx ?? null)] },
  }
}
