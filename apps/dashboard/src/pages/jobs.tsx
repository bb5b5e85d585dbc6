// Jobs: the list, live. Rows do not move under the pointer: jobs that come meanwhile wait until they are asked for.
import type { JobSummary } from '@trotline/contracts'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useAnswer } from '../api/use-asked.ts'
import { CancelJobs } from '../job/cancel-jobs.tsx'
import { isOver } from '../job/over.ts'
import { RerunButton } from '../job/rerun-button.tsx'
import { keepOrder } from '../jobs/list-order.ts'
import { Link } from '../router/link.tsx'
import { go, place, setQuery } from '../router/place.ts'
import { readState, writeState } from '../router/url-state.ts'
import { COMPARE_FIELDS, MOST_COMPARED } from '../router/view-states.ts'
import { useKeys } from '../shell/keyboard.ts'
import { Trouble } from '../shell/trouble.tsx'
import { count } from '../text/figures.ts'
import { FirstJob } from './first-job.tsx'
import { JobRow } from './job-row.tsx'
import { counted, countedAll, GROUPS, shown } from './jobs-list.ts'
import { Page } from './page.tsx'
import { useJobs } from './use-jobs.ts'

export function JobsPage() {
  const group = GROUPS.find(one => one === place.value.query.get('state')) ?? 'all'
  const words = place.value.query.get('q') ?? ''
  const { rows, cursor, trouble, older, waiting, showWaiting, table } = useJobs(group)
  const visible = useMemo(() => (rows === null ? [] : shown(rows, group, words)), [rows, group, words])
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const [at, setAt] = useState(-1)
  const [cancelling, setCancelling] = useState<readonly JobSummary[] | null>(null)
  const [said, setSaid] = useState<string | null>(null)
  const search = useRef<HTMLInputElement>(null)

  const tick = (id: string): void => {
    const next = new Set(ticked)
    if (!next.delete(id)) next.add(id)
    setTicked(next)
  }
  const moveTo = (row: number): void => {
    setAt(row)
    table.current?.querySelectorAll<HTMLElement>('tbody tr .job-name')[row]?.focus()
  }
  const compareTicked = (): void => {
    const picked = visible.filter(row => ticked.has(row.id)).slice(0, MOST_COMPARED)
    go(`/compare${writeState(COMPARE_FIELDS, { ...readState(COMPARE_FIELDS, ''), jobs: picked.map(row => row.id) })}`)
  }
  useEffect(() => keepOrder(visible.map(row => row.id)), [visible])
  useKeys(key => {
    if (key === 'j' || key === 'ArrowDown') moveTo(Math.min(visible.length - 1, at + 1))
    else if (key === 'k' || key === 'ArrowUp') moveTo(Math.max(0, at - 1))
    else if (key === '/' || key === 'f') search.current?.focus()
    else if (key === 'x' && visible[at]) tick(visible[at].id)
    else if (key === 'c') compareTicked()
    else return undefined
    return true
  })

  const chosen = visible.filter(row => ticked.has(row.id) && !isOver(row.state))
  const ended = ticked.size - chosen.length
  const [only = null] = ticked.size === 1 ? visible.filter(row => ticked.has(row.id)) : []
  const owners = new Set((rows ?? []).map(row => row.owner)).size > 1
  const { value: all, again } = useAnswer('/v1/jobs/counts', {}, 5_000)
  const states = (rows ?? []).map(row => `${row.state}${row.hold !== null}`).join()
  // The counts of all, soon after a state was seen to change.
  useEffect(() => {
    const timer = setTimeout(again, 300)
    return () => clearTimeout(timer)
  }, [states, again])
  const counts = all === null ? counted(rows ?? []) : countedAll(all)
  const more = all !== null || cursor === null ? '' : '+'
  return (
    <Page title="Jobs">
      <div class="head">
        <h1>Jobs</h1>
        <Link href="/submit" class="button">
          Submit a job
        </Link>
      </div>
      {trouble !== null && rows === null && <Trouble text={trouble} />}
      {rows !== null && rows.length === 0 && group === 'all' ? (
        <FirstJob />
      ) : (
        <>
          <div class="row spread">
            <fieldset class="chips" aria-label="Filter by state">
              {GROUPS.map(one => (
                <button
                  type="button"
                  key={one}
                  class="chip"
                  aria-pressed={one === group}
                  onClick={() => setQuery({ state: one === 'all' ? null : one })}
                >
                  {one}{' '}
                  {rows !== null && (all !== null || group === 'all' || one === group) && (
                    <b>{`${count(counts[one])}${more}`}</b>
                  )}
                </button>
              ))}
            </fieldset>
            <input
              ref={search}
              type="search"
              class="search"
              aria-label="Filter by name, id, partition or owner"
              placeholder="name, id, partition"
              title="/"
              value={words}
              onInput={event => setQuery({ q: event.currentTarget.value })}
              onKeyDown={event => event.key === 'Escape' && event.currentTarget.blur()}
            />
          </div>
          {ticked.size > 0 && (
            <fieldset class="row" aria-label={`With ${count(ticked.size, 'ticked job')}`}>
              {only !== null && (
                <>
                  <RerunButton id={only.id} onTrouble={setSaid} />
                  <Link href={`/submit?from=${only.id}`} class="button">
                    Edit and submit
                  </Link>
                </>
              )}
              {ticked.size > 1 && (
                <button type="button" onClick={compareTicked} title="c">
                  Compare {count(Math.min(ticked.size, MOST_COMPARED), 'job')}
                </button>
              )}
              {chosen.length > 0 && (
                <button type="button" class="danger" onClick={() => setCancelling(chosen)}>
                  Cancel {count(chosen.length, 'job')}
                </button>
              )}
              <button type="button" class="plain" onClick={() => setTicked(new Set())}>
                Untick {count(ticked.size)}
              </button>
              {ended > 0 && (
                <span class="small faint">
                  {ended === ticked.size ? 'ended: nothing to cancel' : `${count(ended)} of them ended`}
                </span>
              )}
            </fieldset>
          )}
          {said !== null && <Trouble text={said} />}
          {waiting > 0 && (
            <div class="row">
              <button type="button" class="chip" onClick={showWaiting}>
                {count(waiting, 'new job')} ↑
              </button>
            </div>
          )}
          <div class="box" ref={table}>
            <table class="jobs-table">
              <caption class="unseen">Jobs, newest first</caption>
              <thead>
                <tr>
                  <th scope="col" class="tick">
                    <input
                      type="checkbox"
                      aria-label="Tick all that are shown"
                      checked={visible.length > 0 && visible.every(row => ticked.has(row.id))}
                      onChange={event =>
                        setTicked(new Set(event.currentTarget.checked ? visible.map(row => row.id) : []))
                      }
                    />
                  </th>
                  <th scope="col">Job</th>
                  <th scope="col">State</th>
                  <th scope="col">Progress</th>
                  <th scope="col">Loss</th>
                  <th scope="col">Where</th>
                  <th scope="col">Ran</th>
                  <th scope="col">Left</th>
                  <th scope="col">Submitted</th>
                  {owners && <th scope="col">Owner</th>}
                </tr>
              </thead>
              <tbody>
                {visible.map((row, index) => (
                  <JobRow
                    key={row.id}
                    row={row}
                    owners={owners}
                    ticked={ticked.has(row.id)}
                    chosen={index === at}
                    onTick={() => tick(row.id)}
                  />
                ))}
              </tbody>
            </table>
            {rows === null && trouble === null && <p class="empty faint">Asking the server</p>}
            {rows !== null && visible.length === 0 && (
              <div class="empty">
                <p>
                  {words === ''
                    ? `No job is ${group}.`
                    : `None of ${count(rows.length, 'job')} here fits “${words}”${group === 'all' ? '' : ` and is ${group}`}.`}
                </p>
                <button type="button" onClick={() => go('/')}>
                  Show all
                </button>
              </div>
            )}
          </div>
          {cursor !== null && (
            <div class="row">
              <button type="button" onClick={older}>
                Older jobs
              </button>
              <span class="small faint">{count(rows?.length ?? 0)} loaded</span>
            </div>
          )}
        </>
      )}
      {cancelling && (
        <CancelJobs jobs={cancelling} onClose={() => setCancelling(null)} onDone={() => setTicked(new Set())} />
      )}
    </Page>
  )
}
