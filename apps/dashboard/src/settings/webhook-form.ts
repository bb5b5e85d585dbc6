// The form of a new webhook and the request that it makes. Pure.
import type { Schema } from '@trotline/client'
import type { Webhook, WebhookEvent, WebhookFormat } from '@trotline/contracts'

export interface WebhookForm {
  url: string
  name: string
  events: readonly WebhookEvent[]
  /** As typed: team=vision run=3 */
  labels: string
  job: string
  everyone: boolean
  format: WebhookFormat
}

export const EMPTY_WEBHOOK: WebhookForm = {
  url: '',
  name: '',
  // As the server has it for whoever chooses nothing; a test holds it against the contract.
  events: ['failed', 'held', 'completed-long'],
  labels: '',
  job: '',
  everyone: false,
  format: 'json',
}

/** In the order in which they are offered, as the end of "Tell it when a job …". */
export const EVENT_TEXTS: Readonly<Record<WebhookEvent, string>> = {
  failed: 'failed',
  held: 'is held, and waits for a person',
  'completed-long': 'completed after more than 10 min on its nodes',
  completed: 'completed, however soon',
  cancelled: 'was cancelled',
  started: 'has begun on a node',
}
export const EVENTS = Object.keys(EVENT_TEXTS) as readonly WebhookEvent[]

export const FORMAT_TEXTS: Readonly<Record<WebhookFormat, string>> = {
  json: 'JSON, for programs',
  slack: 'Slack and what reads its form',
  text: 'plain text, as ntfy shows it',
}

/** What was left empty is left out. */
export function webhookRequestOf({
  url,
  name,
  events,
  labels,
  job,
  everyone,
  format,
}: WebhookForm): Schema<'WebhookRequestInput'> {
  return {
    url: url.trim(),
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    events,
    labels: labelsOf(labels),
    ...(job.trim() === '' ? {} : { job: job.trim() }),
    ...(everyone ? { everyone } : {}),
    format,
  }
}

/** Which field a pointer of a finding means; null: none of them. */
export function webhookFieldOf(pointer: string): keyof WebhookForm | null {
  const [first] = pointer.replace(/^#?\//, '').split('/')
  return (Object.keys(EMPTY_WEBHOOK) as (keyof WebhookForm)[]).find(field => field === first) ?? null
}

/** In words, whose events it is told. */
export function scopeText({ job, labels, everyone }: Pick<Webhook, 'job' | 'labels' | 'everyone'>): string {
  const named = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  const whose = everyone ? 'jobs of everyone' : 'your jobs'
  if (job !== null) return `job ${job}`
  return named.length === 0 ? whose : `${whose} with ${named.join(' and ')}`
}

/** "failed", "held", "completed-long" as people say them, for one line. */
const SHORT: Readonly<Record<WebhookEvent, string>> = {
  failed: 'failed',
  held: 'held',
  'completed-long': 'completed after 10 min',
  completed: 'completed',
  cancelled: 'cancelled',
  started: 'started',
}
export const eventsText = (events: readonly WebhookEvent[]): string =>
  EVENTS.filter(event => events.includes(event) && !(event === 'completed-long' && events.includes('completed')))
    .map(event => SHORT[event])
    .join(', ')

function labelsOf(text: string): Record<string, string> {
  const pairs = text.split(/[\s,]+/).filter(pair => pair !== '')
  return Object.fromEntries(
    pairs.map(pair => {
      const at = pair.indexOf('=')
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
