// The curves of a job: what is drawn is chosen here and stands in the address, so that a link shows the same.
import type { Job } from '@trotline/contracts'
import { useMemo } from 'preact/hooks'
import { attemptText, bandsOf } from '../chart/attempt-bands.ts'
import { AXIS_MEANINGS } from '../chart/axes.ts'
import { csvOf } from '../chart/export-csv.ts'
import { chosenFamilies, type Family, familiesOf } from '../chart/families.ts'
import type { EpochHistory } from '../chart/history.ts'
import { railMarks } from '../chart/non-finite.ts'
import { plotOf } from '../chart/plot.ts'
import { onLogAxis, yRange } from '../chart/y-range.ts'
import { save } from '../log-view/download-log.ts'
import { go, place } from '../router/place.ts'
import { readState, writeState } from '../router/url-state.ts'
import { CHART_FIELDS, type ChartState, X_AXES } from '../router/view-states.ts'
import { ground } from '../shell/theme.ts'
import { Chart } from './chart.tsx'
import type { Picture } from './draw.ts'
import { EpochTable } from './epoch-table.tsx'

interface CurvesProps {
  job: Job
  history: EpochHistory
  /** Rises with what is drawn. */
  drawing: number
}

export function Curves({ job, history, drawing }: CurvesProps) {
  const state = readState(CHART_FIELDS, place.value.query.toString())
  const change = (changes: Partial<ChartState>): void =>
    go(`${place.value.path}${writeState(CHART_FIELDS, { ...state, ...changes })}`, { replace: true })
  const all = familiesOf(history.metrics)
  const families = chosenFamilies(all, state.families)
  const onKey = (key: string): boolean => {
    if (key === 'y') change({ yLog: !state.yLog })
    else if (key === 's') change({ smoothing: state.smoothing > 0 ? 0 : 0.6 })
    else if (key === 'a') change({ superseded: !state.superseded })
    else if (key === 'v') change({ asTable: !state.asTable })
    else return false
    return true
  }
  return (
    <>
      <div class="row">
        <label class="check">
          <span class="label">x</span>
          <select
            value={state.x}
            onChange={event => change({ x: event.currentTarget.value as ChartState['x'], zoom: null })}
          >
            {X_AXES.filter(axis => axis !== 'step').map(axis => (
              <option key={axis} value={axis}>
                {axis === 'trained' ? 'trained time' : axis === 'clock' ? 'clock time' : axis}
              </option>
            ))}
          </select>
        </label>
        <button type="button" aria-pressed={state.yLog} onClick={() => change({ yLog: !state.yLog })}>
          log y
        </button>
        <label class="check">
          <span class="label">smoothing</span>
          <input
            type="range"
            min="0"
            max="0.99"
            step="0.01"
            class="slider"
            value={state.smoothing}
            onInput={event => change({ smoothing: Number(event.currentTarget.value) })}
          />
          <span class="mono">{state.smoothing.toFixed(2)}</span>
        </label>
        <button
          type="button"
          aria-pressed={state.fit === 'middle'}
          onClick={() => change({ fit: state.fit === 'all' ? 'middle' : 'all' })}
        >
          fit 1–99 %
        </button>
        {history.attempts.length > 1 && (
          <button
            type="button"
            aria-pressed={state.superseded}
            onClick={() => change({ superseded: !state.superseded })}
          >
            superseded
          </button>
        )}
        <button type="button" aria-pressed={state.asTable} onClick={() => change({ asTable: !state.asTable })}>
          table
        </button>
        {state.zoom !== null && (
          <button type="button" onClick={() => change({ zoom: null })}>
            fit all
          </button>
        )}
        <button
          type="button"
          onClick={() =>
            save(
              new Blob([csvOf(history, { metrics: history.metrics })], { type: 'text/csv' }),
              `${job.name}-${job.id}.csv`,
            )
          }
        >
          CSV
        </button>
      </div>
      <p class="small faint">{AXIS_MEANINGS[state.x]}</p>
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
              onChange={change}
              onKey={onKey}
            />
          ))}
        </div>
      )}
      {all.length > families.length && (
        <p class="small faint">{all.length - families.length} more families are not drawn: the table has all.</p>
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
  onChange: (changes: Partial<ChartState>) => void
  onKey: (key: string) => boolean
}

function FamilyChart({ family, job, history, drawing, state, onChange, onKey }: FamilyProps) {
  const { metrics } = family
  const { x: axis, xLog, yLog, smoothing, fit, includeZero, superseded, zoom } = state
  const on = ground.value
  // The history changes in place; `drawing` tells.
  const picture = useMemo((): Picture => {
    const plot = plotOf(history, { axis, metrics, smoothing, ofEpochs: job.progress.of, superseded, zoom })
    const range = yRange(history, metrics, history.line, { fit, includeZero, log: yLog })
    const drawn = plot.lines.map(line => (yLog ? onLogAxis(line.ys) : { ys: line.ys, floor: [] }))
    return {
      plot,
      columns: drawn.map(({ ys }) => ys),
      floor: drawn.flatMap((one, at) => (plot.lines[at]?.kind === 'counts' ? one.floor : [])),
      rails: railMarks(history, plot, metrics),
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
      name={family.name}
      history={history}
      picture={picture}
      smoothing={smoothing}
      onZoom={next => onChange({ zoom: next })}
      onKey={onKey}
    />
  )
}
