// One environment: what it needs, where it lies, its packages, and what changed from another.
import type { Materialisation } from '@trotline/contracts'
import { useEffect, useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { useAnswer } from '../api/use-asked.ts'
import { Age } from '../job/age.tsx'
import { Fact } from '../job/environment-tab.tsx'
import { save } from '../log-view/download-log.ts'
import { TextBox } from '../shell/text-box.tsx'
import { Trouble } from '../shell/trouble.tsx'
import { count, size } from '../text/figures.ts'
import { Page } from './page.tsx'

const FORMATS = [
  ['trotline', 'Trotline', 'lock.json'],
  ['explicit', "conda's explicit list", 'explicit.txt'],
  ['conda-lock', 'conda-lock', 'conda-lock.yml'],
  ['pixi', 'pixi', 'pixi.lock'],
] as const

export function EnvironmentPage({ id }: { id: string }) {
  const path = { id }
  const { value, trouble, again } = useAnswer('/v1/environments/{id}', { path }, 10_000)
  const [fault, setFault] = useState<string | null>(null)
  if (value === null)
    return (
      <Page title="Environment">
        <h1>Environment</h1>
        {trouble === null ? <p class="faint">Asking the server</p> : <Trouble text={trouble} onRetry={again} />}
      </Page>
    )
  const download = async (format: (typeof FORMATS)[number][0], ending: string): Promise<void> => {
    try {
      const { data: text } = await client.text('/v1/environments/{id}/lock', { path, query: { format } })
      save(new Blob([text]), `${value.id.slice(0, 12)}-${ending}`)
      setFault(null)
    } catch (error) {
      setFault(inWords(error))
    }
  }
  return (
    <Page title={value.names[0] ?? value.id.slice(0, 12)}>
      <div class="head">
        <div>
          <h1>{value.names.length === 0 ? 'Environment without a name' : value.names.join(', ')}</h1>
          <span class="mono small faint">{value.id}</span>
        </div>
        <div class="row">
          {FORMATS.map(([format, name, ending]) => (
            <button type="button" key={format} onClick={() => void download(format, ending)}>
              {name}
            </button>
          ))}
        </div>
      </div>
      {fault !== null && <Trouble text={fault} />}
      <dl class="facts">
        <Fact name="Packages">
          {count(value.packages)}
          {value.pipPackages > 0 && ` and ${count(value.pipPackages)} of pip`}
        </Fact>
        <Fact name="Platform">{value.platform}</Fact>
        <Fact name="Needs">{value.requirements.length === 0 ? 'nothing special' : value.requirements.join('; ')}</Fact>
        <Fact name="Kept">
          <Age at={value.createdAt} /> by {value.createdBy}
        </Fact>
      </dl>
      {value.notes.map(note => (
        <p class="small" key={note}>
          {note}
        </p>
      ))}
      <section class="card">
        <h2>Where it is made</h2>
        <MadeOn on={value.on} />
      </section>
      <div class="columns">
        <Packages id={id} />
        <Difference id={value.id} />
      </div>
      {value.spec !== null && (
        <section class="card">
          <h2>The spec it was solved from</h2>
          <TextBox>{value.spec}</TextBox>
        </section>
      )}
    </Page>
  )
}

export function MadeOn({ on }: { on: readonly Materialisation[] }) {
  if (on.length === 0) return <span class="faint">nowhere yet; the first job that needs it makes it</span>
  return (
    <ul class="plain">
      {on.map(one => (
        <li key={one.cluster}>
          <b>{one.cluster}</b>{' '}
          <span class={`state ${LOOKS[one.state]}`}>
            <span aria-hidden="true">{ICONS[one.state]}</span>
            {one.state}
          </span>
          {one.bytes !== null && <span class="faint"> {size(one.bytes)}</span>}
          {one.state !== 'ready' && <div class="small faint">{one.detail}</div>}
        </li>
      ))}
    </ul>
  )
}

const LOOKS: Readonly<Record<Materialisation['state'], string>> = {
  wanted: 'state-queued',
  making: 'state-running',
  ready: 'state-completed',
  failed: 'state-failed',
  cancelled: 'state-cancelled',
  quarantined: 'state-held',
  removing: 'state-queued',
}
const ICONS: Readonly<Record<Materialisation['state'], string>> = {
  wanted: '○',
  making: '◐',
  ready: '✓',
  failed: '✕',
  cancelled: '⊘',
  quarantined: '‖',
  removing: '○',
}

/** Of the lock, which names each with its version and build. */
function Packages({ id }: { id: string }) {
  const { value, trouble } = useAnswer('/v1/environments/{id}/lock', { path: { id }, query: { format: 'trotline' } })
  const [words, setWords] = useState('')
  const all = [...(value?.conda ?? []), ...(value?.pip ?? []).map(one => ({ ...one, build: 'pip' }))]
  const packages = all.filter(one => one.name.includes(words.trim().toLowerCase()))
  return (
    <section class="card">
      <div class="row spread">
        <h2>Packages</h2>
        <input
          type="search"
          class="search"
          aria-label="Filter packages"
          placeholder="name"
          value={words}
          onInput={event => setWords(event.currentTarget.value)}
        />
      </div>
      {value === null && trouble !== null && <p class="faint">{trouble}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keys */}
      <section class="box tall-box" tabIndex={0} aria-label="Packages of the lock">
        <table>
          <caption class="unseen">Packages of the lock</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Version</th>
              <th scope="col">Build</th>
            </tr>
          </thead>
          <tbody>
            {packages.map(one => (
              <tr key={`${one.name} ${one.build}`}>
                <td>{one.name}</td>
                <td class="mono">{one.version}</td>
                <td class="mono">{one.build}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}

function Difference({ id }: { id: string }) {
  const { value } = useAnswer('/v1/environments', {})
  const others = value?.items.filter(one => one.id !== id) ?? []
  const [other, setOther] = useState('')
  useEffect(() => {
    if (other === '' && others[0] !== undefined) setOther(others[0].id)
  }, [others.length])
  const diff = useAnswer('/v1/environments/{id}/diff/{other}', other === '' ? null : { path: { id: other, other: id } })
  if (others.length === 0) return null
  return (
    <section class="card">
      <div class="field">
        <label for="diff-from">What changed from</label>
        <select id="diff-from" value={other} onChange={event => setOther(event.currentTarget.value)}>
          {others.map(one => (
            <option key={one.id} value={one.id}>
              {one.names.length === 0 ? one.id.slice(0, 12) : one.names.join(', ')}
            </option>
          ))}
        </select>
      </div>
      {diff.trouble !== null && diff.value === null && <p class="faint">{diff.trouble}</p>}
      {diff.value !== null && (
        <TextBox>{diff.value.changes.length === 0 ? 'Nothing: the packages are the same.' : diff.value.text}</TextBox>
      )}
    </section>
  )
}
