// Does this software run there: a form, and the verdict whole.
import type { CompatibilityReport } from '@trotline/contracts'
import { useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { place, setQuery } from '../router/place.ts'
import { Report } from './report.tsx'

const FRAMEWORKS = ['pytorch', 'tensorflow', 'jax', 'tfjs-node-gpu', 'cuda-runtime']

export function Check({ hardware }: { hardware: string }) {
  const { query } = place.value
  const framework = FRAMEWORKS.find(name => name === query.get('f')) ?? 'pytorch'
  const version = query.get('v') ?? '2.1.0'
  const cuda = query.get('c') ?? '12.1'
  const [report, setReport] = useState<CompatibilityReport | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)
  const check = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      const software = {
        framework,
        ...(version.trim() === '' ? {} : { frameworkVersion: version.trim() }),
        ...(cuda.trim() === '' ? {} : { cuda: cuda.trim() }),
      }
      const body = { ...software, ...JSON.parse(hardware) }
      setReport((await client.post('/v1/compatibility/check', { body })).data)
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
          <select id="framework" value={framework} onChange={event => setQuery({ f: event.currentTarget.value })}>
            {FRAMEWORKS.map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="version">Version</label>
          <input id="version" value={version} onInput={event => setWhole('v', event.currentTarget.value)} />
        </div>
        <div class="field">
          <label for="cuda">CUDA of the build</label>
          <input id="cuda" value={cuda} onInput={event => setWhole('c', event.currentTarget.value)} />
        </div>
      </div>
      <div class="row">
        <button type="submit">Judge it</button>
      </div>
      {trouble !== null && <p role="alert">{trouble}</p>}
      {report !== null && <Report report={report} />}
    </form>
  )
}

/** Empty is a choice of its own here: a space stands for it, because an empty one is left out of the address. */
const setWhole = (name: string, text: string): void => setQuery({ [name]: text === '' ? ' ' : text.trim() })
