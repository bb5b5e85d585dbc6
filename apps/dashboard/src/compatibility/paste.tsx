// Paste an environment: what was found in the text is said first, then judged, each framework by itself.
import type { CompatibilityReport, Software } from '@trotline/contracts'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { Trouble } from '../shell/trouble.tsx'
import { count } from '../text/figures.ts'
import { MOST_PASTED, type Pasted, readPaste } from './read-paste.ts'
import { Report } from './report.tsx'

const AFTER_MS = 400

interface Judged {
  software: Software
  report: CompatibilityReport
}

/** @param hardware the body's part that says where, as chosen on the page; a driver or GPU in the text goes before it */
export function Paste({ hardware }: { hardware: string }) {
  const [text, setText] = useState('')
  const [judged, setJudged] = useState<readonly Judged[]>([])
  const [trouble, setTrouble] = useState<string | null>(null)
  const pasted = useMemo(() => readPaste(text), [text])
  const where = useMemo(() => placeOf(JSON.parse(hardware), pasted), [hardware, pasted])
  const told = JSON.stringify([where, pasted.software])

  useEffect(() => {
    const [place, questions] = JSON.parse(told) as [object, Software[]]
    const leaving = new AbortController()
    const judge = async (): Promise<void> => {
      try {
        const found: Judged[] = []
        for (const software of questions) {
          const body = { ...software, ...place }
          const { data: report } = await client.post('/v1/compatibility/check', { body, signal: leaving.signal })
          found.push({ software, report })
        }
        setJudged(found)
        setTrouble(null)
      } catch (error) {
        if (!leaving.signal.aborted) setTrouble(inWords(error))
      }
    }
    const timer = setTimeout(() => void judge(), AFTER_MS)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  }, [told])

  return (
    <>
      <section class="card">
        <div class="field">
          <label for="pasted">Environment</label>
          <textarea
            id="pasted"
            rows={12}
            spellcheck={false}
            maxLength={MOST_PASTED}
            placeholder={
              'environment.yml, conda list, pip list, pip freeze, nvidia-smi\nor several of them below each other'
            }
            aria-describedby="pasted-said"
            value={text}
            onInput={event => setText(event.currentTarget.value)}
          />
          <span id="pasted-said" class="hint">
            It is read here in the browser; only what is found below is sent to the server.
          </span>
        </div>
        {text.trim() !== '' && <ReadAs pasted={pasted} />}
      </section>
      {trouble !== null && <Trouble text={trouble} />}
      {judged.map(({ software, report }) => (
        <section class="card" key={JSON.stringify(software)} aria-label={titleOf(software)}>
          <Report report={report} title={titleOf(software)} />
        </section>
      ))}
    </>
  )
}

function ReadAs({ pasted: { forms, packages, software, hardware, unread } }: { pasted: Pasted }) {
  return (
    <>
      <p role="status">
        {forms.length === 0
          ? 'Nothing known was found in it.'
          : `Read as ${forms.join(' and ')}: ${count(packages, 'package')}.`}{' '}
        {software.length === 0
          ? 'None of them is PyTorch, TensorFlow or JAX: there is nothing to judge.'
          : `Judged: ${software.map(titleOf).join('; ')}.`}
      </p>
      {(hardware.driver !== undefined || hardware.gpu !== undefined) && (
        <p class="small">
          {`From nvidia-smi: ${[hardware.gpu, hardware.driver && `driver ${hardware.driver}`].filter(Boolean).join(', ')}. That goes before what is chosen above.`}
        </p>
      )}
      {unread.length > 0 && (
        <p class="small faint">
          Not understood: {unread.map(line => `“${line.length > 60 ? `${line.slice(0, 60)}…` : line}”`).join(', ')}
        </p>
      )}
    </>
  )
}

/** A partition has its own driver and GPU: what the text says of them then stands alone. */
function placeOf(chosen: Record<string, string>, { hardware }: Pasted): Record<string, string> {
  if (hardware.driver === undefined && hardware.gpu === undefined) return chosen
  if (chosen.partition === undefined) return { ...chosen, ...hardware }
  return hardware.driver !== undefined && hardware.gpu !== undefined ? { ...hardware } : chosen
}

const titleOf = ({ framework, frameworkVersion, condaSpec, wheelTag, condaBuild }: Software): string =>
  condaSpec ?? [framework, frameworkVersion, wheelTag ?? condaBuild].filter(Boolean).join(' ')
