// Webhooks: who is told, what became of it, and what can be done where nothing comes through.
import type { Webhook } from '@trotline/contracts'
import { useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { useAnswer } from '../api/use-asked.ts'
import { Age, localTime } from '../job/age.tsx'
import { Fact } from '../job/environment-tab.tsx'
import { Dialog } from '../shell/dialog.tsx'
import { Trouble } from '../shell/trouble.tsx'
import { count } from '../text/figures.ts'
import { Deliveries } from './deliveries.tsx'
import { NewWebhook } from './new-webhook.tsx'
import { eventsText, FORMAT_TEXTS, scopeText } from './webhook-form.ts'

const LOOK_AGAIN_MS = 10_000

export function Webhooks({ operator }: { operator: boolean }) {
  const { value, trouble, again } = useAnswer('/v1/webhooks', {}, LOOK_AGAIN_MS)
  const [adding, setAdding] = useState(false)
  return (
    <section class="card" aria-label="Webhooks">
      <div class="row spread">
        <h2>Webhooks</h2>
        {!adding && value !== null && (
          <button type="button" onClick={() => setAdding(true)}>
            Add a webhook
          </button>
        )}
      </div>
      <p class="small faint">
        A signed message to an address of yours when something happens to a job. What does not come through is tried
        again by itself, for a day or so.
      </p>
      {trouble !== null && value === null && <Trouble text={trouble} onRetry={again} />}
      {adding && <NewWebhook operator={operator} onClose={() => setAdding(false)} onMade={again} />}
      {value?.items.length === 0 && !adding && <p>There is none: nobody is told.</p>}
      {value?.items.map(one => (
        <OneWebhook key={one.id} webhook={one} onChange={again} />
      ))}
      {value?.nextCursor != null && <p class="small faint">There are more than are shown here.</p>}
    </section>
  )
}

function OneWebhook({ webhook, onChange }: { webhook: Webhook; onChange: () => void }) {
  const [open, setOpen] = useState(false)
  const [removing, setRemoving] = useState(false)
  const [said, setSaid] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const { id, name, url, parked, failing, deliveries } = webhook
  const path = { id }
  const title = name ?? url

  const act = async (what: string, done: string | null, how: () => Promise<unknown>): Promise<void> => {
    setBusy(true)
    setSaid(null)
    try {
      await how()
      setSaid(done)
      onChange()
    } catch (error) {
      setSaid(`${what} ${inWords(error)}`)
    } finally {
      setBusy(false)
    }
  }
  const test = (): Promise<void> => {
    setOpen(true)
    return act('Not sent.', 'A test is on its way; the table tells what became of it.', () =>
      client.post('/v1/webhooks/{id}/test', { path }),
    )
  }
  const resume = (): Promise<void> =>
    act('Not resumed.', 'Resumed: what waited is being sent.', () => client.post('/v1/webhooks/{id}/resume', { path }))
  const remove = (): Promise<void> => {
    setRemoving(false)
    return act('Not removed.', null, () => client.delete('/v1/webhooks/{id}', { path }))
  }

  return (
    <section class="card" aria-label={`Webhook ${title}`}>
      <div class="row spread">
        <div>
          <h3>{title}</h3>
          {name !== null && <div class="mono small faint wrap-all">{url}</div>}
        </div>
        <WebhookState webhook={webhook} />
      </div>
      {parked !== null && (
        <p class="card warn">
          {`Parked since ${localTime(parked.since)}: ${parked.why} `}
          {deliveries.parked > 0 &&
            `${count(deliveries.parked, 'message')} ${deliveries.parked === 1 ? 'waits here and is' : 'wait here and are'} sent when it is resumed.`}
        </p>
      )}
      {parked === null && failing !== null && (
        <p class="small">
          {`${count(failing.tries, 'try', 'tries')} failed since ${localTime(failing.since)}: ${failing.why} It is tried again by itself.`}
        </p>
      )}
      <p class="small">{`Told of ${scopeText(webhook)}: ${eventsText(webhook.events)}.`}</p>
      <dl class="facts">
        <Fact name="As">{FORMAT_TEXTS[webhook.format]}</Fact>
        <Fact name="Last delivered">
          {webhook.lastDeliveredAt === null ? 'never' : <Age at={webhook.lastDeliveredAt} />}
        </Fact>
        {deliveries.waiting + deliveries.collected > 0 && (
          <Fact name="On the way">{count(deliveries.waiting + deliveries.collected)}</Fact>
        )}
      </dl>
      <div class="row">
        {parked !== null && (
          <button type="button" class="primary" disabled={busy} onClick={() => void resume()}>
            Resume
          </button>
        )}
        <button type="button" disabled={busy} onClick={() => void test()}>
          Send a test
        </button>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          Deliveries
        </button>
        <button type="button" class="danger" disabled={busy} onClick={() => setRemoving(true)}>
          Remove
        </button>
        <span class="small" role="status">
          {said}
        </span>
      </div>
      {open && <Deliveries id={id} title={title} onNews={onChange} />}
      {removing && (
        <Dialog title={`Remove ${title}?`} onClose={() => setRemoving(false)}>
          <p>
            {deliveries.waiting + deliveries.parked === 0
              ? 'Nothing more is sent there. Its secret is forgotten.'
              : `Nothing more is sent there, also none of what waits (${count(deliveries.waiting + deliveries.parked, 'message')}). Its secret is forgotten.`}
          </p>
          <div class="row">
            <button type="button" onClick={() => setRemoving(false)}>
              Keep it
            </button>
            <button type="button" class="danger primary" onClick={() => void remove()}>
              Remove the webhook
            </button>
          </div>
        </Dialog>
      )}
    </section>
  )
}

function WebhookState({ webhook: { parked, failing } }: { webhook: Webhook }) {
  const [look, icon, word] =
    parked !== null
      ? ['state-held', '‖', 'parked']
      : failing !== null
        ? ['state-failed', '✕', 'failing']
        : ['state-completed', '✓', 'active']
  return (
    <span class={`state ${look}`}>
      <span aria-hidden="true">{icon}</span>
      {word}
    </span>
  )
}
