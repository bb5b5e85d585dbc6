// A job: where it is and why, where its time went, its curve and the end of its log; and all the rest on tabs.
import { secondsBetween } from '../job/age.tsx'
import { EnvironmentTab } from '../job/environment-tab.tsx'
import { EventsTab } from '../job/events-tab.tsx'
import { FailureCard } from '../job/failure-card.tsx'
import { FilesTab } from '../job/files-tab.tsx'
import { JobHead } from '../job/job-head.tsx'
import { isOver } from '../job/over.ts'
import { ScriptTab } from '../job/script-tab.tsx'
import { TimeStrip } from '../job/time-strip.tsx'
import { type JobInView, useJob } from '../job/use-job.ts'
import { Link } from '../router/link.tsx'
import { go, place } from '../router/place.ts'
import { JOB_TABS, type JobTab, pathOf, routeOf } from '../router/routes.ts'
import { useKeys } from '../shell/keyboard.ts'
import { lazyPart } from '../shell/lazy-part.tsx'
import { Trouble } from '../shell/trouble.tsx'
import { duration } from '../text/durations.ts'
import { Page } from './page.tsx'

const Curves = lazyPart(async () => (await import('../curves/curves.tsx')).Curves)
const LogView = lazyPart(async () => (await import('../log-view/log-view.tsx')).LogView)
const EvaluationTab = lazyPart(async () => (await import('../evaluation/evaluation-tab.tsx')).EvaluationTab)

const TABS: Readonly<Record<JobTab, string>> = {
  curves: 'Curves',
  log: 'Log',
  evaluation: 'Evaluation',
  environment: 'Environment',
  script: 'Script',
  events: 'Events',
  files: 'Files',
}

export function JobPage({ id }: { id: string }) {
  const view = useJob(id)
  const route = routeOf(place.value.path)
  const tab: JobTab = route.page === 'job' ? route.tab : 'curves'
  const show = (next: JobTab): void => go(pathOf({ page: 'job', id, tab: next }))
  useKeys(key => {
    const at = JOB_TABS[Number(key) - 1]
    if (at !== undefined) show(at)
    else if (key === 'l') show('log')
    else if (key === 'u') void navigator.clipboard.writeText(location.href)
    else return undefined
    return true
  })

  const { job } = view
  if (job === null)
    return (
      <Page title={view.missing ? 'No such job' : `Job ${id}`}>
        <h1>{view.missing ? 'There is no such job' : `Job ${id}`}</h1>
        {view.trouble === null ? <p class="faint">Asking the server</p> : <Trouble text={view.trouble} />}
        {view.missing && (
          <p>
            <Link href="/">All jobs</Link>
          </p>
        )}
      </Page>
    )
  const mark = { completed: '✓ ', failed: '✕ ', cancelled: '⊘ ' }[job.state as string] ?? ''
  return (
    <Page title={`${mark}${job.name}`}>
      <JobHead view={view} />
      {job.failure !== null && <FailureCard failure={job.failure} onLog={() => show('log')} />}
      <TimeStrip job={job} events={view.events} />
      <div class="tabs" role="tablist" aria-label="Of this job">
        {JOB_TABS.map((one, at) => (
          <button
            type="button"
            key={one}
            role="tab"
            id={`tab-${one}`}
            aria-selected={one === tab}
            aria-controls="tab-panel"
            tabIndex={one === tab ? 0 : -1}
            title={String(at + 1)}
            onClick={() => show(one)}
            onKeyDown={event => {
              const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
              const next = JOB_TABS[(at + step + JOB_TABS.length) % JOB_TABS.length]
              if (step === 0 || next === undefined) return
              event.preventDefault()
              show(next)
              document.getElementById(`tab-${next}`)?.focus()
            }}
          >
            {TABS[one]}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} class="panel">
        <Tab tab={tab} view={view} onLog={() => show('log')} />
      </div>
    </Page>
  )
}

function Tab({ tab, view, onLog }: { tab: JobTab; view: JobInView; onLog: () => void }) {
  const { job, history, drawing, events } = view
  if (job === null) return null
  switch (tab) {
    case 'curves':
      return (
        <>
          {history.line.length > 0 ? (
            <Curves job={job} history={history} drawing={drawing} />
          ) : (
            <p class="card faint">{noEpochText(view)}</p>
          )}
          <div class="row spread">
            <h2>The end of its log</h2>
            <button type="button" onClick={onLog} title="l">
              Open the log
            </button>
          </div>
          <LogView job={job} tall={false} keys={false} />
        </>
      )
    case 'log':
      return <LogView job={job} tall keys />
    case 'evaluation':
      return <EvaluationTab job={job} />
    case 'environment':
      return <EnvironmentTab job={job} />
    case 'script':
      return <ScriptTab job={job} />
    case 'events':
      return <EventsTab events={events} />
    case 'files':
      return <FilesTab job={job} />
  }
}

function noEpochText({ job, why }: JobInView): string {
  if (job === null) return ''
  if (isOver(job.state)) return 'The job ended before its first epoch was finished: there is no curve.'
  const run = job.runs.at(-1)
  if (job.state === 'running' && run?.startedAt != null)
    return `Running for ${duration(secondsBetween(run.startedAt, null))}; the first epoch is not finished yet.`
  return why === null ? 'The curve begins with the first epoch.' : `No epoch yet. ${why.summary}`
}
