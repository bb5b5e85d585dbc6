// Compatibility: for a GPU and a driver, or for a partition, the newest of each framework that runs; the other way round, does this
// software, or a pasted environment, run there; and the tables behind it all. What is chosen stands in the address.
import type { SuggestAnswer } from '@trotline/contracts'
import { useEffect, useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { useAnswer } from '../api/use-asked.ts'
import { Check } from '../compatibility/check.tsx'
import { VerdictWord } from '../job/verdict.tsx'
import { place, setQuery } from '../router/place.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { lazyPart } from '../shell/lazy-part.tsx'
import { TableBox } from '../shell/table-box.tsx'
import { Trouble } from '../shell/trouble.tsx'
import { Page } from './page.tsx'

const GPUS = [
  'Tesla K80',
  'Tesla P100',
  'Tesla V100',
  'Tesla T4',
  'A100',
  'RTX 3090',
  'RTX 4090',
  'L40S',
  'H100',
  'H200',
  'B200',
]

const Paste = lazyPart(async () => (await import('../compatibility/paste.tsx')).Paste)
const Tables = lazyPart(async () => (await import('../compatibility/tables.tsx')).Tables)

const TABS = [
  ['newest', 'What runs there'],
  ['paste', 'Paste an environment'],
  ['tables', 'The whole matrix'],
] as const
type Tab = (typeof TABS)[number][0]

export function CompatibilityPage() {
  const { query } = place.value
  const where = query.get('on') ?? ''
  const tab: Tab = TABS.find(([name]) => name === query.get('tab'))?.[0] ?? 'newest'
  const [gpu, setGpu] = useState(query.get('gpu') ?? 'A100')
  const [driver, setDriver] = useState(query.get('driver') ?? '550.54.15')
  const partitions = usePartitions()
  const [cluster = '', partition = ''] = where.split('/')
  const hardware = where === '' ? { gpu: gpu.trim(), driver: driver.trim() } : { cluster, partition }
  const told = JSON.stringify(hardware)
  const [answer, setAnswer] = useState<SuggestAnswer | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)

  useEffect(() => {
    if (tab === 'paste') return
    const leaving = new AbortController()
    const timer = setTimeout(() => {
      client.post('/v1/compatibility/suggest', { body: JSON.parse(told), signal: leaving.signal }).then(
        ({ data }) => {
          setAnswer(data)
          setTrouble(null)
        },
        error => leaving.signal.aborted || setTrouble(inWords(error)),
      )
    }, 250)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  }, [told, tab])

  return (
    <Page title="Compatibility">
      <h1>Compatibility</h1>
      <p class="lead">
        What runs on which GPU with which driver. Each answer comes from the same four gates that every job passes.
      </p>
      <div class="card">
        <div class="form-grid">
          <div class="field">
            <label for="on">On</label>
            <select id="on" value={where} onChange={event => setQuery({ on: event.currentTarget.value })}>
              <option value="">a GPU and a driver</option>
              {partitions.map(name => (
                <option key={name} value={name}>
                  partition {name}
                </option>
              ))}
            </select>
          </div>
          {where === '' && (
            <>
              <div class="field">
                <label for="gpu">GPU</label>
                <input
                  id="gpu"
                  list="gpus"
                  value={gpu}
                  onInput={event => {
                    setGpu(event.currentTarget.value)
                    setQuery({ gpu: event.currentTarget.value })
                  }}
                />
                <datalist id="gpus">
                  {GPUS.map(name => (
                    <option key={name} value={name} />
                  ))}
                </datalist>
              </div>
              <div class="field">
                <label for="driver">Driver</label>
                <input
                  id="driver"
                  value={driver}
                  onInput={event => {
                    setDriver(event.currentTarget.value)
                    setQuery({ driver: event.currentTarget.value })
                  }}
                />
              </div>
            </>
          )}
        </div>
      </div>
      <div class="tabs" role="tablist" aria-label="Questions">
        {TABS.map(([name, text], at) => (
          <button
            type="button"
            key={name}
            role="tab"
            id={`tab-${name}`}
            aria-selected={name === tab}
            aria-controls="tab-panel"
            tabIndex={name === tab ? 0 : -1}
            onClick={() => setQuery({ tab: name === 'newest' ? null : name })}
            onKeyDown={event => {
              const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
              const [next] = TABS[(at + step + TABS.length) % TABS.length] ?? []
              if (step === 0 || next === undefined) return
              event.preventDefault()
              setQuery({ tab: next === 'newest' ? null : next })
              document.getElementById(`tab-${next}`)?.focus()
            }}
          >
            {text}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} class="panel">
        {tab === 'newest' && (
          <>
            {trouble !== null && <Trouble text={trouble} />}
            {answer !== null && <Newest answer={answer} />}
            <Check hardware={told} />
          </>
        )}
        {tab === 'paste' && <Paste hardware={told} />}
        {tab === 'tables' && <Tables driver={where === '' ? driver.trim() : (answer?.facts?.driver?.value ?? '')} />}
      </div>
    </Page>
  )
}

function Newest({ answer }: { answer: SuggestAnswer }) {
  const { facts } = answer
  return (
    <>
      {facts !== undefined && (
        <p class="small faint">
          {`Nodes ${facts.nodes.slice(0, 6).join(', ')}${facts.nodes.length > 6 ? ' …' : ''}: driver ${facts.driver?.value ?? 'unknown'}, ${facts.gpu?.value ?? 'GPU unknown'}.`}
        </p>
      )}
      <TableBox label="The newest of each framework that runs there">
        <thead>
          <tr>
            <th scope="col">Framework</th>
            <th scope="col">Newest that runs</th>
            <th scope="col">CUDA</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {answer.frameworks.map(({ framework, newest, detail }) => {
            const [best] = newest
            return (
              <tr key={framework}>
                <td>
                  <b>{framework}</b>
                </td>
                {best === undefined ? (
                  <td colSpan={3}>{detail}</td>
                ) : (
                  <>
                    <td>
                      {best.software.frameworkVersion ?? ''}
                      <div class="small faint">{best.detail}</div>
                      {best.install !== null && (
                        <div class="row">
                          <span class="small mono wrap-all">{best.install}</span>
                          <CopyButton text={best.install} />
                        </div>
                      )}
                    </td>
                    <td>{best.software.cuda ?? ''}</td>
                    <td>
                      <VerdictWord verdict={best.verdict} />
                    </td>
                  </>
                )}
              </tr>
            )
          })}
        </tbody>
      </TableBox>
    </>
  )
}

/** "cluster/partition" of those with GPUs. */
function usePartitions(): readonly string[] {
  const { value } = useAnswer('/v1/clusters', {})
  const [found, setFound] = useState<readonly string[]>([])
  useEffect(() => {
    const leaving = new AbortController()
    const names = value?.items.map(cluster => cluster.name) ?? []
    const { signal } = leaving
    Promise.all(names.map(name => client.get('/v1/clusters/{name}', { path: { name }, signal }))).then(
      clusters =>
        setFound(
          clusters.flatMap(({ data: { name, facts } }) =>
            (facts?.partitions ?? []).filter(one => one.gpus.length > 0).map(one => `${name}/${one.name}`),
          ),
        ),
      () => {},
    )
    return () => leaving.abort()
  }, [value])
  return found
}
