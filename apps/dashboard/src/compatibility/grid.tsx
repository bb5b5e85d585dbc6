// Releases against GPUs: every cell judged by the server, and the why of each below. Asked a few at a time, for what is shown.
import type { CompatibilityReport, Verdict } from '@trotline/contracts'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { Trouble } from '../shell/trouble.tsx'
import {
  GRID_FRAMEWORKS,
  GRID_GPUS,
  type GridFramework,
  type MatrixTables,
  type Release,
  releasesOf,
} from './releases.ts'
import { Report } from './report.tsx'

const ROWS = 8
const AT_ONCE = 4

interface Chosen {
  release: Release
  gpu: string
}

const keyOf = ({ software }: Release, gpu: string): string => JSON.stringify([software, gpu])

export function Grid({ tables, driver }: { tables: MatrixTables; driver: string }) {
  const [framework, setFramework] = useState<GridFramework>('pytorch')
  const [page, setPage] = useState(0)
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const releases = useMemo(() => releasesOf(tables, framework), [tables, framework])
  const shown = useMemo(() => releases.slice(page * ROWS, (page + 1) * ROWS), [releases, page])
  const { reports, trouble } = useReports(shown, driver)
  const why = chosen === null ? undefined : reports.get(keyOf(chosen.release, chosen.gpu))
  return (
    <section class="card" aria-label="Releases against GPUs">
      <div class="row spread">
        <h2>Releases against GPUs</h2>
        <label class="check">
          Framework
          <select
            value={framework}
            onChange={event => {
              setFramework(event.currentTarget.value as GridFramework)
              setPage(0)
              setChosen(null)
            }}
          >
            {GRID_FRAMEWORKS.map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      <p class="small faint">
        {driver === '' ? 'Choose a driver above.' : `With driver ${driver}. Press a cell to read why.`}
      </p>
      {trouble !== null && <Trouble text={trouble} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keys */}
      <section class="box" tabIndex={0} aria-label="Table of verdicts">
        <table class="grid">
          <caption class="unseen">{`Verdicts of ${framework} on GPUs with driver ${driver}`}</caption>
          <thead>
            <tr>
              <th scope="col">Release</th>
              {GRID_GPUS.map(gpu => (
                <th scope="col" key={gpu}>
                  {gpu}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(release => (
              <tr key={release.label}>
                <th scope="row" class="nowrap">
                  {release.label}
                </th>
                {GRID_GPUS.map(gpu => (
                  <td key={gpu}>
                    <Cell
                      verdict={reports.get(keyOf(release, gpu))?.verdict}
                      name={`${release.label} on ${gpu}`}
                      pressed={chosen?.gpu === gpu && chosen.release.label === release.label}
                      onPress={() => setChosen({ release, gpu })}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <div class="row">
        <button type="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
          Newer
        </button>
        <button type="button" disabled={(page + 1) * ROWS >= releases.length} onClick={() => setPage(page + 1)}>
          Older
        </button>
        <span class="small faint">{`${page * ROWS + 1}–${Math.min(releases.length, (page + 1) * ROWS)} of ${releases.length}`}</span>
      </div>
      {chosen !== null && why !== undefined && (
        <section class="card" aria-label="Why">
          <Report report={why} title={`${framework} ${chosen.release.label} on ${chosen.gpu}:`} />
          <p class="small faint wrap-all">The release's row comes from: {chosen.release.source}</p>
        </section>
      )}
    </section>
  )
}

const CELLS: Readonly<Record<Verdict, readonly [look: string, icon: string, word: string]>> = {
  compatible: ['state-completed', '✓', 'runs'],
  'compatible-with-warning': ['state-cancelled', '!', 'warns'],
  incompatible: ['state-failed', '✕', 'no'],
  unknown: ['state-queued unknown', '?', 'unknown'],
}

interface CellProps {
  verdict: Verdict | undefined
  name: string
  pressed: boolean
  onPress: () => void
}

function Cell({ verdict, name, pressed, onPress }: CellProps) {
  if (verdict === undefined) return <span class="faint">…</span>
  const [look, icon, word] = CELLS[verdict]
  return (
    <button type="button" class="plain" aria-pressed={pressed} aria-label={`${name}: ${word}`} onClick={onPress}>
      <span class={`state ${look}`}>
        <span aria-hidden="true">{icon}</span>
        {word}
      </span>
    </button>
  )
}

/** What was answered once stays for the driver that it was asked for. */
function useReports(shown: readonly Release[], driver: string) {
  const [answers, setAnswers] = useState<{ driver: string; reports: ReadonlyMap<string, CompatibilityReport> }>({
    driver,
    reports: new Map(),
  })
  const [trouble, setTrouble] = useState<string | null>(null)
  useEffect(() => {
    const leaving = new AbortController()
    const known = answers.driver === driver ? answers.reports : new Map<string, CompatibilityReport>()
    const cells = shown.flatMap(release => GRID_GPUS.map(gpu => ({ release, gpu, key: keyOf(release, gpu) })))
    const due = driver === '' ? [] : cells.filter(({ key }) => !known.has(key))
    const asking = async (): Promise<void> => {
      for (let one = due.shift(); one !== undefined && !leaving.signal.aborted; one = due.shift()) {
        const { release, gpu, key } = one
        const body = { ...release.software, gpu, driver }
        const { data: report } = await client.post('/v1/compatibility/check', { body, signal: leaving.signal })
        setAnswers(before => ({
          driver,
          reports: new Map(before.driver === driver ? before.reports : []).set(key, report),
        }))
      }
    }
    const timer = setTimeout(() => {
      Promise.all(Array.from({ length: AT_ONCE }, asking)).then(
        () => setTrouble(null),
        error => {
          due.length = 0
          if (!leaving.signal.aborted) setTrouble(inWords(error))
        },
      )
    }, 250)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  }, [shown, driver])
  return { reports: answers.driver === driver ? answers.reports : new Map<string, CompatibilityReport>(), trouble }
}
