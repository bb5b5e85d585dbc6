// The curves of a job: what is drawn is chosen here and stands in the address, so that a link shows the same.
import { SmoothingSlider } from './smoothing-slider.tsx'
import '../style/curves.css'
import type { Job } from '@trotline/contracts'
import { useMemo } from 'preact/hooks'
import { attemptText, bandsOf } from '../chart/attempt-bands.ts'
import { AXIS_MEANINGS, hasSteps, STEP } from '../chart/axes.ts'
import { csvOf } from '../chart/export-csv.ts'
import { chosenFamilies, type Family, familiesOf } from '../chart/families.ts'
import type { EpochHistory } from '../chart/history.ts'
import { railMarks } from '../chart/non-finite.ts'
import { plotOf } from '../chart/plot.ts'
import { onLogAxis, yRange } from '../chart/y-range.ts'
import type { YSettings } from '../chart/y-settings.ts'
import { save } from '../log-view/download-log.ts'
import { go, place } from '../router/place.ts'
import { readState, writeState } from '../router/url-state.ts'
import { CHART_FIELDS, type ChartState, X_AXES, type XAxis } from '../router/view-states.ts'
import { ground } from '../shell/theme.ts'
import { AXIS_NAMES, Chart } from './chart.tsx'
import type { Picture } from './draw.ts'
import { EpochTable } from './epoch-table.tsx'
import { FamilyPicker } from './family-picker.tsx'
import { useYChoices } from './y-choices.ts'

interface CurvesProps {
  job: Job
  history: EpochHistory
  /** Rises with what is drawn. */
  drawing: number
}

export function Curves({ job, history, drawing }: CurvesProps) {
  const said = readState(CHART_FIELDS, place.value.query.toString())
  // Histories change in place; `drawing` tells.
  const steps = useMemo(() => hasSteps(history), [history, drawing])
  const state: ChartState = said.x === 'step' && !steps ? { ...said, x: 'epoch' } : said
  const change = (changes: Partial<ChartState>): void => {
    const now = readState(CHART_FIELDS, place.peek().query.toString())
    go(`${place.peek().path}${writeState(CHART_FIELDS, { ...now, ...changes })}`, { replace: true })
  }
  const all = familiesOf(history.metrics.filter(metric => metric !== STEP))
  const families = chosenFamilies(all, state.families)
  const y = useYChoices(
    state.y,
    families.map(family => family.name),
    words => change({ y: words }),
  )
  const hide = (metric: string): void =>
    change({
      hidden: state.hidden.includes(metric) ? state.hidden.filter(one => one !== metric) : [...state.hidden, metric],
    })
  const onKey = (key: string): boolean => {
    if (key === 's') change({ smoothing: state.smoothing > 0 ? 0 : 0.6 })
    else if (key === 'a') change({ superseded: !state.superseded })
    else if (key === 'v') change({ asTable: !state.asTable })
    else return false
    return true
  }
  const saveCsv = (shown: boolean): void => {
    const metrics = shown
      ? families.flatMap(family => family.metrics).filter(metric => !state.hidden.includes(metric))
      : history.metrics
    const rows = shown
      ? plotOf(history, { axis: state.x, metrics, zoom: state.zoom, ofEpochs: job.progress.of }).rows
      : null
    const text = csvOf(history, rows === null ? { metrics } : { metrics, rows })
    save(new Blob([text], { type: 'text/csv' }), `${job.name}-${job.id}${shown ? '-shown' : ''}.csv`)
  }
  return (
    <>
      <div class="row">
        <label class="check">
          <span class="label">x</span>
          <select
            aria-label="x axis"
            value={state.x}
            onChange={event => change({ x: event.currentTarget.value as XAxis, zoom: null })}
          >
            {X_AXES.map(axis => (
              <option key={axis} value={axis} disabled={axis === 'step' && !steps}>
                {axis === 'step' && !steps ? 'step (the job logs none)' : AXIS_NAMES[axis]}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          aria-pressed={state.xLog}
          disabled={state.x === 'clock'}
          onClick={() => change({ xLog: !state.xLog, zoom: null })}
        >
          log x
        </button>
        <SmoothingSlider value={state.smoothing} onChange={smoothing => change({ smoothing })} />
        {history.attempts.length > 1 && (
          <button
            type="button"
            aria-pressed={state.superseded}
            onClick={() => change({ superseded: !state.superseded })}
            title="a"
          >
            superseded
          </button>
        )}
        <button
          type="button"
          aria-pressed={state.asTable}
          onClick={() => change({ asTable: !state.asTable })}
          title="v"
        >
          table
        </button>
        {state.zoom !== null && (
          <button type="button" onClick={() => change({ zoom: null })} title="0">
            fit all
          </button>
        )}
        <span class="gap" />
        <button type="button" onClick={() => saveCsv(true)}>
          CSV of what is shown
        </button>
        <button type="button" onClick={() => saveCsv(false)}>
          CSV of all
        </button>
      </div>
      <p class="small faint">{AXIS_MEANINGS[state.x]}</p>
      {all.length > families.length && (
        <FamilyPicker all={all} drawn={families} onPick={names => change({ families: names })} />
      )}
      {state.asTable ? (
        <EpochTable history={history} drawing={drawing} />
      ) : (
        <div class="charts">
          {families.map(family => (
            <FamilyChart
              key={family.name}
              family={family}
              job={job}
              history={history}
              drawing={drawing}
              state={state}
              y={y.of(family.name)}
              onY={settings => y.set(family.name, settings)}
              onHide={hide}
              onZoom={zoom => change({ zoom })}
              onKey={onKey}
            />
          ))}
        </div>
      )}
    </>
  )
}

interface FamilyProps {
  family: Family
  job: Job
  history: EpochHistory
  drawing: number
  state: ChartState
  y: YSettings
  onY: (settings: YSettings) => void
  onHide: (metric: string) => void
  onZoom: (zoom: readonly [number, number] | null) => void
  onKey: (key: string) => boolean
}

function FamilyChart({ family, job, history, drawing, state, y, onY, onHide, onZoom, onKey }: FamilyProps) {
  const { metrics } = family
  const { x: axis, smoothing, superseded, zoom, hidden } = state
  const { log: yLog, fit, includeZero } = y
  const xLog = state.xLog && axis !== 'clock'
  const on = ground.value
  // The history changes in place; `drawing` tells.
  const picture = useMemo((): Picture => {
    const shown = metrics.filter(metric => !hidden.includes(metric))
    const plot = plotOf(history, { axis, metrics: shown, smoothing, ofEpochs: job.progress.of, superseded, zoom })
    const inView = zoom === null ? history.line : plot.rows.filter(row => row >= 0)
    const range = yRange(history, shown, inView, { fit, includeZero, log: yLog })
    const drawn = plot.lines.map(line => (yLog ? onLogAxis(line.ys) : { ys: line.ys, floor: [] }))
    return {
      plot,
      columns: drawn.map(({ ys }) => ys),
      floor: drawn.flatMap((one, at) => (plot.lines[at]?.kind === 'counts' ? one.floor : [])),
      rails: railMarks(history, plot, shown),
      bands: bandsOf(history, { axis }).map(band => ({
        band,
        text: attemptText(band.attempt, job.runs, job.submissions),
      })),
      metrics,
      range,
      axis,
      xLog,
      yLog,
      zoom,
      ground: on,
    }
  }, [
    history,
    drawing,
    metrics.join(),
    hidden.join(),
    axis,
    xLog,
    yLog,
    smoothing,
    fit,
    includeZero,
    superseded,
    zoom?.join(),
    on,
    job.runs,
  ])
  return (
    <Chart
      jobName={job.name}
      name={family.name}
      history={history}
      picture={picture}
      smoothing={smoothing}
      y={y}
      hidden={hidden}
      onY={onY}
      onHide={onHide}
      onZoom={onZoom}
      onKey={onKey}
    />
  )
}
