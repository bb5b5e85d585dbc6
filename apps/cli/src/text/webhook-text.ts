// A webhook and its deliveries in words: what it tells of, whether it gets through, and what to do where it does not.
import type { Webhook, WebhookDelivery } from '@trotline/contracts'
import { ago } from './durations.ts'
import type { Fact } from './fact.ts'
import { count } from './figures.ts'
import { localTime, secondsBetween } from './local-time.ts'
import type { Style } from './style.ts'
import type { Cell, Column } from './table.ts'

export const WEBHOOK_COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'NAME', flexible: true },
  { title: 'STATUS' },
  { title: 'EVENTS', flexible: true },
  { title: 'OF' },
  { title: 'URL', flexible: true },
]

export function webhookRow(webhook: Webhook, style: Style): Cell[] {
  const { id, name, status, events, url } = webhook
  return [
    id,
    { text: name ?? '-', full: name ?? '' },
    { text: status, full: status, paint: status === 'parked' ? style.bad : style.good },
    events.join(','),
    ofText(webhook),
    { text: url, full: url, paint: style.dim },
  ]
}

function ofText({ job, labels, everyone }: Pick<Webhook, 'job' | 'labels' | 'everyone'>): string {
  const labelled = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return [job ?? (everyone ? 'all jobs of everyone' : 'all your jobs'), ...labelled].join(', ')
}

/** @param now the server's time, in milliseconds */
export function webhookFacts(webhook: Webhook, now: number): Fact[] {
  const { url, events, format, status, parked, failing, deliveries, createdAt, lastDeliveredAt } = webhook
  const when = (at: string): string => `${localTime(at)} (${ago(secondsBetween(at, now))})`
  const waiting = [
    deliveries.waiting > 0 ? `${deliveries.waiting} waiting` : '',
    deliveries.parked > 0 ? `${deliveries.parked} parked` : '',
    deliveries.collected > 0 ? `${count(deliveries.collected, 'event')} that become one message` : '',
  ].filter(part => part !== '')
  return [
    { label: 'url', text: url },
    { label: 'status', text: status },
    { label: 'tells of', text: events.join(', '), full: events.join(',') },
    { label: 'of', text: ofText(webhook) },
    { label: 'format', text: format },
    ...(parked === null
      ? []
      : [{ label: 'parked', text: `since ${when(parked.since)}: ${parked.why}`, full: parked.why }]),
    ...(failing === null
      ? []
      : [
          {
            label: 'failing',
            text: `since ${when(failing.since)}, ${count(failing.tries, 'try', 'tries')}: ${failing.why}`,
            full: failing.why,
          },
        ]),
    {
      label: 'arrived',
      text: lastDeliveredAt === null ? 'nothing yet' : when(lastDeliveredAt),
      full: lastDeliveredAt ?? '',
    },
    ...(waiting.length === 0 ? [] : [{ label: 'messages', text: waiting.join(', ') }]),
    { label: 'created', text: when(createdAt), full: createdAt },
  ]
}

export const DELIVERY_COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'TYPE' },
  { title: 'JOB', flexible: true },
  { title: 'STATUS' },
  { title: 'TRIES', align: 'right' },
  { title: 'CREATED' },
  { title: 'NEXT' },
  { title: 'LAST', flexible: true },
]

/** @param now the server's time, in milliseconds */
export function deliveryRow(delivery: WebhookDelivery, now: number, style: Style): Cell[] {
  const { id, type, job, status, tries, createdAt, nextAt } = delivery
  const paint = status === 'delivered' ? style.good : status === 'waiting' ? style.info : style.bad
  const nextIn = nextAt === null ? 0 : secondsBetween(new Date(now).toISOString(), Date.parse(nextAt))
  return [
    id,
    type,
    { text: job?.name ?? '-', full: job?.id ?? '' },
    { text: status, full: status, paint },
    String(tries),
    { text: ago(secondsBetween(createdAt, now)), full: createdAt },
    { text: nextAt === null ? '-' : nextIn < 1 ? 'now' : `in ${ago(nextIn).replace(/ ago$/, '')}`, full: nextAt ?? '' },
    { text: lastTryText(delivery), full: lastTryText(delivery) },
  ]
}

/** "204 in 35 ms", "500 in 12 ms: the receiver answered 500", "no answer: connection refused". */
export function lastTryText({ lastTries }: Pick<WebhookDelivery, 'lastTries'>): string {
  const last = lastTries.at(-1)
  if (last === undefined) return ''
  const answered = last.status === null ? 'no answer' : `${last.status} in ${last.milliseconds} ms`
  return last.why === null ? answered : `${answered}: ${last.why}`
}
