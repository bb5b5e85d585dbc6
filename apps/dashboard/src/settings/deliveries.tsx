// What a webhook was sent, newest first, and what came back.
import type { WebhookDelivery } from '@trotline/contracts'
import { useEffect } from 'preact/hooks'
import { useAnswer } from '../api/use-asked.ts'
import { Age, localTime } from '../job/age.tsx'
import { Link } from '../router/link.tsx'
import { TableBox } from '../shell/table-box.tsx'
import { count } from '../text/figures.ts'

/** A test that somebody waits for. */
const LOOK_AGAIN_MS = 2_000

interface DeliveriesProps {
  id: string
  title: string
  /** Something came through, or did not. */
  onNews: () => void
}

export function Deliveries({ id, title, onNews }: DeliveriesProps) {
  const { value, trouble } = useAnswer('/v1/webhooks/{id}/deliveries', { path: { id } }, LOOK_AGAIN_MS)
  const newest = value?.items[0]
  useEffect(() => {
    if (newest !== undefined) onNews()
  }, [newest?.id, newest?.status, newest?.tries])
  if (value === null) return <p class="faint">{trouble ?? 'Asking the server'}</p>
  if (value.items.length === 0) return <p class="faint">Nothing was sent yet.</p>
  return (
    <TableBox label={`Deliveries to ${title}, newest first`}>
      <thead>
        <tr>
          <th scope="col">Message</th>
          <th scope="col">When</th>
          <th scope="col">What became of it</th>
          <th scope="col">Last answer</th>
        </tr>
      </thead>
      <tbody>
        {value.items.map(one => (
          <tr key={one.id}>
            <td>
              <span class="mono">{one.type}</span>
              {one.job !== null && (
                <div class="small">
                  <Link href={`/jobs/${one.job.id}`}>{one.job.name}</Link>
                </div>
              )}
            </td>
            <td>
              <Age at={one.createdAt} />
            </td>
            <td>
              <DeliveryState delivery={one} />
            </td>
            <td>
              <Answer delivery={one} />
            </td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  )
}

const LOOKS: Readonly<Record<WebhookDelivery['status'], readonly [string, string]>> = {
  waiting: ['state-queued', '○'],
  delivered: ['state-completed', '✓'],
  parked: ['state-held', '‖'],
  failed: ['state-failed', '✕'],
}

function DeliveryState({ delivery: { status, tries, nextAt } }: { delivery: WebhookDelivery }) {
  const [look, icon] = LOOKS[status]
  return (
    <>
      <span class={`state ${look}`}>
        <span aria-hidden="true">{icon}</span>
        {status}
      </span>
      <div class="small faint">
        {count(tries, 'try', 'tries')}
        {nextAt !== null && `, again at ${localTime(nextAt)}`}
      </div>
    </>
  )
}

function Answer({ delivery: { lastTries } }: { delivery: WebhookDelivery }) {
  const last = lastTries.at(-1)
  if (last === undefined) return <span class="faint">none yet</span>
  return (
    <>
      <span class="nowrap">{`${last.status ?? 'no answer'}, ${count(last.milliseconds)} ms`}</span>
      {last.why !== null && <div class="small">{last.why}</div>}
    </>
  )
}
