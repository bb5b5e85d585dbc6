// Compatibility: for a GPU and a driver, or for a partition, the newest of each framework that runs; and the other way round, does this
// software run there.
import type { Cluster, ClusterPage, CompatibilityReport, SuggestAnswer } from '@trotline/contracts'
import { useEffect, useState } from 'preact/hooks'
import { ask, inWords } from '../api/ask.ts'
import { useAsked } from '../api/use-asked.ts'
import { Findings, Nearest, VerdictWord } from '../job/verdict.tsx'
import { place, setQuery } from '../router/place.ts'
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
const FRAMEWORKS = ['pytorch', 'tensorflow', 'jax', 'tfjs-node-gpu', 'cuda-runtime']

export function CompatibilityPage() {
  const { query } = place.value
  const where = query.get('on') ?? ''
  const [gpu, setGpu] = useState(query.get('gpu') ?? 'A100')
  const [driver, setDriver] = useState(query.get('driver') ?? '550.54.15')
  const partitions = usePartitions()
  const [cluster = '', partition = ''] = where.split('/')
  const hardware = where === '' ? { gpu: gpu.trim(), driver: driver.trim() } : { cluster, partition }
  const told = JSON.stringify(hardware)
  const [answer, setAnswer] = useState<SuggestAnswer | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)

  useEffect(() => {
    const leaving = new AbortController()
    const timer = setTimeout(() => {
      ask<SuggestAnswer>('/v1/compatibility/suggest', {
        method: 'POST',
        body: JSON.parse(told),
        signal: leaving.signal,
      }).then(
        found => {
          setAnswer(found)
          setTrouble(null)
        },
        error => leaving.signal.aborted || setTrouble(inWords(error)),
      )
    }, 250)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  }, [told])

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
        {trouble !== null && <Trouble text={trouble} />}
        {answer !== null && <Newest answer={answer} />}
      </div>
      <Check hardware={told} />
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
                      {best.install !== null && <div class="small mono wrap-all">{best.install}</div>}
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

function Check({ hardware }: { hardware: string }) {
  const [framework, setFramework] = useState('pytorch')
  const [version, setVersion] = useState('2.1.0')
  const [cuda, setCuda] = useState('12.1')
  const [report, setReport] = useState<CompatibilityReport | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)
  const check = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      const software = {
        framework,
        ...(version === '' ? {} : { frameworkVersion: version }),
        ...(cuda === '' ? {} : { cuda }),
      }
      setReport(
        await ask<CompatibilityReport>('/v1/compatibility/check', {
          method: 'POST',
          body: { ...software, ...JSON.parse(hardware) },
        }),
      )
      setTrouble(null)
    } catch (error) {
      setTrouble(inWords(error))
    }
  }
  return (
    <form class="card" onSubmit={event => void check(event)}>
      <h2>Does this run there?</h2>
      <div class="form-grid">
        <div class="field">
          <label for="framework">Framework</label>
          <select id="framework" value={framework} onChange={event => setFramework(event.currentTarget.value)}>
            {FRAMEWORKS.map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="version">Version</label>
          <input id="version" value={version} onInput={event => setVersion(event.currentTarget.value.trim())} />
        </div>
        <div class="field">
          <label for="cuda">CUDA of the build</label>
          <input id="cuda" value={cuda} onInput={event => setCuda(event.currentTarget.value.trim())} />
        </div>
      </div>
      <div class="row">
        <button type="submit">Judge it</button>
      </div>
      {trouble !== null && <p role="alert">{trouble}</p>}
      {report !== null && (
        <>
          <p class="verdict" role="status">
            <VerdictWord verdict={report.verdict} />
          </p>
          <p>{report.detail}</p>
          <Findings findings={report.findings} />
          <Nearest nearest={report.nearest} />
        </>
      )}
    </form>
  )
}

/** "cluster/partition" of those with GPUs. */
function usePartitions(): readonly string[] {
  const { value } = useAsked<ClusterPage>('/v1/clusters')
  const [found, setFound] = useState<readonly string[]>([])
  useEffect(() => {
    const leaving = new AbortController()
    const names = value?.items.map(cluster => cluster.name) ?? []
    Promise.all(
      names.map(name => ask<Cluster>(`/v1/clusters/${encodeURIComponent(name)}`, { signal: leaving.signal })),
    ).then(
      clusters =>
        setFound(
          clusters.flatMap(({ name, facts }) =>
            (facts?.partitions ?? []).filter(one => one.gpus.length > 0).map(one => `${name}/${one.name}`),
          ),
        ),
      () => {},
    )
    return () => leaving.abort()
  }, [value])
  return found
}
