// A new webhook: the form, and then its secret, which the server tells this once. A refusal loses nothing that was typed.
import type { Finding, WebhookCreated, WebhookEvent, WebhookFormat } from '@trotline/contracts'
import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { client, inWords, newKey, Refused } from '../api/client.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { TextBox } from '../shell/text-box.tsx'
import {
  EMPTY_WEBHOOK,
  EVENT_TEXTS,
  EVENTS,
  FORMAT_TEXTS,
  type WebhookForm,
  webhookFieldOf,
  webhookRequestOf,
} from './webhook-form.ts'

interface NewWebhookProps {
  operator: boolean
  onClose: () => void
  onMade: () => void
}

export function NewWebhook({ operator, onClose, onMade }: NewWebhookProps) {
  const [form, setForm] = useState<WebhookForm>(EMPTY_WEBHOOK)
  const [findings, setFindings] = useState<readonly Finding[]>([])
  const [trouble, setTrouble] = useState<string | null>(null)
  const [sending, setSending] = useState(false)
  const [made, setMade] = useState<WebhookCreated | null>(null)
  // One key for one request, however often it is sent.
  const sent = useRef({ text: '', key: '' })

  const change = (changes: Partial<WebhookForm>): void => setForm(now => ({ ...now, ...changes }))
  const faultOf = (field: keyof WebhookForm): string | null => {
    const found = findings.find(({ pointer }) => webhookFieldOf(pointer) === field)
    return found === undefined ? null : [found.detail, found.hint].filter(Boolean).join(' ')
  }
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const body = webhookRequestOf(form)
    const text = JSON.stringify(body)
    if (sent.current.text !== text) sent.current = { text, key: newKey() }
    setSending(true)
    setTrouble(null)
    setFindings([])
    try {
      setMade((await client.post('/v1/webhooks', { body, key: sent.current.key })).data)
      onMade()
    } catch (error) {
      setTrouble(`Not added. ${inWords(error)}`)
      if (error instanceof Refused) setFindings(error.problem.findings ?? [])
    } finally {
      setSending(false)
    }
  }

  if (made !== null) return <Secret made={made} onClose={onClose} />
  return (
    <form class="card" aria-label="Add a webhook" onSubmit={event => void submit(event)}>
      <Line name="url" label="Address" fault={faultOf('url')} hint="https, of a host that the operator allows">
        <input
          {...told('url', faultOf('url'))}
          type="text"
          inputMode="url"
          spellcheck={false}
          autocomplete="off"
          value={form.url}
          onInput={event => change({ url: event.currentTarget.value })}
        />
      </Line>
      <fieldset>
        <legend>Tell it when a job</legend>
        {EVENTS.map(event => (
          <label class="check" key={event}>
            <input
              type="checkbox"
              checked={form.events.includes(event)}
              onChange={({ currentTarget }) => change({ events: toggled(form.events, event, currentTarget.checked) })}
            />
            {EVENT_TEXTS[event]}
          </label>
        ))}
        {faultOf('events') !== null && <span class="fault small">{faultOf('events')}</span>}
      </fieldset>
      <div class="form-grid">
        <Line name="labels" label="Only with labels" fault={faultOf('labels')} hint="team=vision run=3; empty: all">
          <input
            {...told('labels', faultOf('labels'))}
            type="text"
            spellcheck={false}
            value={form.labels}
            onInput={event => change({ labels: event.currentTarget.value })}
          />
        </Line>
        <Line name="job" label="Only of this job" fault={faultOf('job')} hint="its id; empty: of all">
          <input
            {...told('job', faultOf('job'))}
            type="text"
            spellcheck={false}
            value={form.job}
            onInput={event => change({ job: event.currentTarget.value })}
          />
        </Line>
        <Line name="format" label="As" fault={faultOf('format')} hint="">
          <select
            {...told('format', faultOf('format'))}
            value={form.format}
            onChange={event => change({ format: event.currentTarget.value as WebhookFormat })}
          >
            {Object.entries(FORMAT_TEXTS).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </Line>
        <Line name="name" label="Name" fault={faultOf('name')} hint="as you call it">
          <input
            {...told('name', faultOf('name'))}
            type="text"
            value={form.name}
            onInput={event => change({ name: event.currentTarget.value })}
          />
        </Line>
      </div>
      {operator && (
        <label class="check">
          <input
            type="checkbox"
            checked={form.everyone}
            onChange={event => change({ everyone: event.currentTarget.checked })}
          />
          Jobs of everyone, not only your own
        </label>
      )}
      {trouble !== null && <p role="alert">{trouble}</p>}
      <div class="row">
        <button type="submit" class="primary" disabled={sending || form.url.trim() === '' || form.events.length === 0}>
          {sending ? 'Adding' : 'Add the webhook'}
        </button>
        <button type="button" onClick={onClose}>
          Leave it
        </button>
      </div>
    </form>
  )
}

function Secret({ made, onClose }: { made: WebhookCreated; onClose: () => void }) {
  return (
    <section class="card warn" aria-label="The secret of the new webhook">
      <h3>Its secret, shown this once</h3>
      <p>
        Every message is signed with it: the receiver checks webhook-signature, and knows that it comes from here. Put
        it there now; the server does not tell it again.
      </p>
      <TextBox>{made.secret}</TextBox>
      <div class="row">
        <CopyButton text={made.secret} name="Copy the secret" />
        <button type="button" onClick={onClose}>
          I have it
        </button>
      </div>
    </section>
  )
}

const told = (name: keyof WebhookForm, fault: string | null) => ({
  id: `webhook-${name}`,
  'aria-invalid': fault !== null,
  'aria-describedby': `webhook-${name}-said`,
})

interface LineProps {
  name: keyof WebhookForm
  label: string
  fault: string | null
  hint: string
  children: ComponentChildren
}

const Line = ({ name, label, fault, hint, children }: LineProps) => (
  <div class="field">
    <label for={`webhook-${name}`}>{label}</label>
    {children}
    <span id={`webhook-${name}-said`} class={fault === null ? 'hint' : 'fault'}>
      {fault ?? hint}
    </span>
  </div>
)

const toggled = (events: readonly WebhookEvent[], event: WebhookEvent, on: boolean): readonly WebhookEvent[] =>
  on ? EVENTS.filter(one => one === event || events.includes(one)) : events.filter(one => one !== event)
