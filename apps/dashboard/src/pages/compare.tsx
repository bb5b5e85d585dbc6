// Compare: the same metric of two to eight jobs on one grid, what is not the same about them, and what their models make of new data.

import { useMemo, useState } from 'preact/hooks'
import { AXIS_MEANINGS, hasSteps } from '../chart/axes.ts'
import { type Compared, compare } from '../chart/compare.ts'
import { shortNames } from '../chart/end-labels.ts'
import { nonFiniteTexts } from '../chart/non-finite.ts'
import { yRangeOfLines } from '../chart/y-range.ts'
import { DifferenceTable } from '../compare/difference-table.tsx'
import { useCompared } from '../compare/use-compared.ts'
import { SmoothingSlider } from '../curves/smoothing-slider.tsx'
import { hasEvaluation } from '../job/has-evaluation.ts'
import { go, place } from '../router/place.ts'
import { readState, writeState } from '../router/url-state.ts'
import { COMPARE_FIELDS, type CompareState, X_AXES } from '../router/view-states.ts'
import { lazyPart } from '../shell/lazy-part.tsx'
import { ground } from '../shell/theme.ts'
import { count } from '../text/figures.ts'
import { Page } from './page.tsx'

const CompareChart = lazyPart(async () => (await import('../compare/compare-chart.tsx')).CompareChart)
const Evaluations = lazyPart(async () => (await import('../compare/evaluations.tsx')).Evaluations)

export function ComparePage() {
  const state = readState(COMPARE_FIELDS, place.value.query.toString())
  const change = (changes: Partial<CompareState>): void => {
    const now = readState(COMPARE_FIELDS, place.peek().query.toString())
    go(`/compare${writeState(COMPARE_FIELDS, { ...now, ...changes })}`, { replace: true })
  }
  const ids = state.jobs.filter(id => id !== '-')
  const { jobs, drawing } = useCompared(ids)
  const there = jobs.flatMap(({ job }) => (job === null ? [] : [job]))
  const metrics = [...new Set(jobs.flatMap(one => one.history.metrics))]
  const metric = metrics.includes(state.metric) ? state.metric : (metrics[0] ?? state.metric)
  // Histories change in place; `drawing` tells.
  const all = useMemo(
    (): Compared[] =>
      jobs
        .filter(one => one.job !== null)
        .map(({ id, job, history }) => ({
          job: id,
          slot: state.jobs.indexOf(id),
          history,
          ofEpochs: job?.progress.of ?? null,
          stepsPerEpoch: null,
        })),
    [jobs, drawing, state.jobs.join()],
  )
  const steps = all.length > 0 && all.every(one => hasSteps(one.history))
  const axis = state.x === 'step' && !steps ? 'epoch' : state.x
  const shown = all.filter(one => !state.hidden.includes(one.job))
  const compared = useMemo(
    () => compare(all, { metric, axis, smoothing: state.smoothing, hidden: state.hidden }),
    [all, metric, axis, state.smoothing, state.hidden.join()],
  )
  const names = shortNames(there)
  const [zoomFrom, zoomTo] = state.zoom ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const range =
    'problem' in compared
      ? null
      : yRangeOfLines(
          compared.lines.map(({ ys }) =>
            ys.filter((_, at) => (compared.xs[at] ?? 0) >= zoomFrom && (compared.xs[at] ?? 0) <= zoomTo),
          ),
          { fit: state.fit, includeZero: state.includeZero, log: state.yLog },
        )
  const hide = (id: string): void =>
    change({ hidden: state.hidden.includes(id) ? state.hidden.filter(one => one !== id) : [...state.hidden, id] })
  const strays = all.flatMap(one =>
    nonFiniteTexts(one.history, [metric]).map(text => `${names.get(one.job) ?? one.job}: ${text}`),
  )
  const evaluated = there.filter(hasEvaluation)
  const [evaluations, setEvaluations] = useState(false)
  const asking = ids.length >= 2 && jobs.some(one => one.job === null && one.trouble === null)
  const beyond = range === null ? 0 : range.above + range.below
  return (
    <Page title="Compare">
      <h1>Compare</h1>
      {jobs
        .filter(one => one.trouble !== null)
        .map(one => (
          <div class="card warn" key={one.id}>
            <span>
              <span class="mono">{one.id}</span>:{' '}
              {one.notYours ? 'not yours, or no longer there: the server shows you no such job.' : one.trouble}
            </span>
            {one.notYours && (
              <div class="row">
                <button
                  type="button"
                  onClick={() => change({ jobs: state.jobs.map(id => (id === one.id ? '-' : id)) })}
                >
                  Take it away
                </button>
              </div>
            )}
          </div>
        ))}
      {metrics.length > 0 && (
        <div class="row">
          <label class="check">
            <span class="label">metric</span>
            <select value={metric} onChange={event => change({ metric: event.currentTarget.value, zoom: null })}>
              {metrics.map(name => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label class="check">
            <span class="label">x</span>
            <select
              aria-label="x axis"
              value={axis}
              onChange={event => change({ x: event.currentTarget.value as CompareState['x'], zoom: null })}
            >
              {X_AXES.map(one => (
                <option key={one} value={one} disabled={one === 'step' && !steps}>
                  {one === 'trained' ? 'trained time' : one === 'clock' ? 'time since it began' : one}
                  {one === 'step' && !steps ? ' (not all jobs log it)' : ''}
                </option>
              ))}
            </select>
          </label>
          <button type="button" aria-pressed={state.xLog} onClick={() => change({ xLog: !state.xLog, zoom: null })}>
            log x
          </button>
          <button type="button" aria-pressed={state.yLog} onClick={() => change({ yLog: !state.yLog })} title="y">
            log y
          </button>
          <button
            type="button"
            aria-pressed={state.fit === 'middle'}
            onClick={() => change({ fit: state.fit === 'all' ? 'middle' : 'all' })}
          >
            fit 1–99 %
          </button>
          <button
            type="button"
            aria-pressed={state.includeZero}
            disabled={state.yLog}
            onClick={() => change({ includeZero: !state.includeZero })}
          >
            zero
          </button>
          <SmoothingSlider value={state.smoothing} onChange={smoothing => change({ smoothing })} />
          {state.zoom !== null && (
            <button type="button" onClick={() => change({ zoom: null })} title="0">
              fit all
            </button>
          )}
        </div>
      )}
      {metrics.length > 0 && (
        <p class="small faint">
          {axis === 'clock' ? 'Time of day, counted from where each job began.' : AXIS_MEANINGS[axis]}
        </p>
      )}
      {'problem' in compared ? (
        <p class="card">{asking ? 'Asking the server' : compared.problem}</p>
      ) : (
        <>
          <CompareChart
            comparison={compared}
            jobs={all}
            hidden={state.hidden}
            names={names}
            metric={metric}
            axis={axis}
            xLog={state.xLog}
            yLog={state.yLog}
            range={range}
            zoom={state.zoom}
            ground={ground.value}
            onHide={hide}
            onZoom={zoom => change({ zoom })}
            onYLog={() => change({ yLog: !state.yLog })}
          />
          <p class="small faint">
            {strays.length > 0 && `${strays.join('. ')}. `}
            {compared.without.length > 0 &&
              `${compared.without.map(id => names.get(id) ?? id).join(', ')}: no ${metric}. `}
            {shown.length < all.length && `${count(all.length - shown.length, 'job')} not drawn. `}
            {beyond > 0 && `${count(beyond, 'value')} beyond the edges.`}
          </p>
        </>
      )}
      {there.length > 0 && (
        <DifferenceTable
          jobs={there}
          onTakeAway={gone => change({ jobs: state.jobs.map(id => (id === gone ? '-' : id)) })}
        />
      )}
      {evaluated.length > 0 && (
        <section class="card">
          <div class="row spread">
            <h2>Evaluations side by side</h2>
            <button type="button" aria-expanded={evaluations} onClick={() => setEvaluations(!evaluations)}>
              {evaluations ? 'Fold them away' : `Show ${count(evaluated.length)}`}
            </button>
          </div>
          {evaluated.length < there.length && (
            <p class="small faint">
              {there
                .filter(job => !hasEvaluation(job))
                .map(job => names.get(job.id))
                .join(', ')}
              : none.
            </p>
          )}
        </section>
      )}
      {evaluations && <Evaluations jobs={evaluated} names={names} />}
    </Page>
  )
}
