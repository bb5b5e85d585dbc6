// Compare: the same metric of two to eight jobs on one grid, and what is not the same about them.
import { useMemo, useState } from 'preact/hooks'
import { AXIS_MEANINGS } from '../chart/axes.ts'
import { compare } from '../chart/compare.ts'
import { differencesOf } from '../compare/differences.ts'
import { useCompared } from '../compare/use-compared.ts'
import { StateBadge } from '../job/state-badge.tsx'
import { Link } from '../router/link.tsx'
import { go, place } from '../router/place.ts'
import { readState, writeState } from '../router/url-state.ts'
import { COMPARE_FIELDS, type CompareState, X_AXES } from '../router/view-states.ts'
import { lazyPart } from '../shell/lazy-part.tsx'
import { TableBox } from '../shell/table-box.tsx'
import { ground } from '../shell/theme.ts'
import { count } from '../text/figures.ts'
import { Page } from './page.tsx'

const CompareChart = lazyPart(async () => (await import('../compare/compare-chart.tsx')).CompareChart)

export function ComparePage() {
  const state = readState(COMPARE_FIELDS, place.value.query.toString())
  const change = (changes: Partial<CompareState>): void =>
    go(`/compare${writeState(COMPARE_FIELDS, { ...state, ...changes })}`, { replace: true })
  const ids = state.jobs.filter(id => id !== '-')
  const { jobs, drawing } = useCompared(ids)
  const there = jobs.flatMap(({ job }) => (job === null ? [] : [job]))
  const metrics = [...new Set(jobs.flatMap(one => one.history.metrics))]
  const metric = metrics.includes(state.metric) ? state.metric : (metrics[0] ?? state.metric)
  // Histories change in place; `drawing` tells.
  const compared = useMemo(
    () =>
      compare(
        jobs
          .filter(one => one.job !== null && !state.hidden.includes(one.id))
          .map(({ id, job, history }) => ({
            job: id,
            slot: state.jobs.indexOf(id),
            history,
            ofEpochs: job?.progress.of ?? null,
            stepsPerEpoch: null,
          })),
        { metric, axis: state.x, smoothing: state.smoothing },
      ),
    [jobs, drawing, metric, state.x, state.smoothing, state.jobs.join(), state.hidden.join()],
  )
  const { differing, equal } = differencesOf(there)
  const names = new Map(there.map(job => [job.id, job.name]))
  const [all, setAll] = useState(false)
  const least = ids.length < 2 || there.length === ids.length ? null : 'Asking the server'
  return (
    <Page title="Compare">
      <h1>Compare</h1>
      {jobs
        .filter(one => one.trouble !== null)
        .map(one => (
          <p class="card warn" key={one.id}>
            <span class="mono">{one.id}</span>: {one.trouble}
          </p>
        ))}
      {metrics.length > 0 && (
        <div class="row">
          <label class="check">
            <span class="label">metric</span>
            <select value={metric} onChange={event => change({ metric: event.currentTarget.value })}>
              {metrics.map(name => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label class="check">
            <span class="label">x</span>
            <select value={state.x} onChange={event => change({ x: event.currentTarget.value as CompareState['x'] })}>
              {X_AXES.filter(axis => axis !== 'step').map(axis => (
                <option key={axis} value={axis}>
                  {axis === 'trained' ? 'trained time' : axis === 'clock' ? 'time since it began' : axis}
                </option>
              ))}
            </select>
          </label>
          <button type="button" aria-pressed={state.yLog} onClick={() => change({ yLog: !state.yLog })}>
            log y
          </button>
          <span class="small faint">{state.x === 'clock' ? '' : AXIS_MEANINGS[state.x]}</span>
        </div>
      )}
      {'problem' in compared ? (
        <p class="card">{least ?? compared.problem}</p>
      ) : (
        <>
          <CompareChart
            comparison={compared}
            names={names}
            metric={metric}
            axis={state.x}
            yLog={state.yLog}
            ground={ground.value}
            drawing={drawing}
          />
          {compared.without.length > 0 && (
            <p class="small faint">
              {compared.without.map(id => names.get(id) ?? id).join(', ')}: no {metric}.
            </p>
          )}
        </>
      )}
      {there.length > 0 && (
        <TableBox label="What differs">
          <thead>
            <tr>
              <th scope="col">{count(differing.length, 'difference')}</th>
              {there.map(job => (
                <th scope="col" key={job.id}>
                  <Link href={`/jobs/${job.id}`}>{job.name}</Link>
                  <div class="mono">{job.id}</div>
                  <StateBadge
                    job={{ state: job.state, hold: job.hold?.code ?? null, failure: job.failure?.reason ?? null }}
                  />
                  <button
                    type="button"
                    class="plain"
                    onClick={() => change({ jobs: state.jobs.map(id => (id === job.id ? '-' : id)) })}
                    aria-label={`Take ${job.name} ${job.id} away`}
                  >
                    ✕
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(all ? differing : differing.slice(0, 50)).map(({ name, values }) => (
              <tr key={name}>
                <td class="mono">{name}</td>
                {values.map((value, at) => (
                  <td key={there[at]?.id} class="wrap-all">
                    {value ?? <span class="faint">none</span>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </TableBox>
      )}
      {differing.length > 50 && !all && (
        <div class="row">
          <button type="button" onClick={() => setAll(true)}>
            All {count(differing.length, 'difference')}
          </button>
        </div>
      )}
      {there.length > 1 && (
        <p class="small faint">{count(equal, 'field is', 'fields are')} the same in all and not shown.</p>
      )}
    </Page>
  )
}
