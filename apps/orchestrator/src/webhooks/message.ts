// What a message says: the cause first, short enough to be read on a phone. From the job as it stands in the store; no cluster is asked.
import type { Job, Webhook, WebhookEvent, WebhookJob, WebhookMessage, WebhookMessageType } from '@trotline/contracts'
import { LONG_RUN_SECONDS } from '@trotline/contracts'
import type { Happened, ToldEvent } from '../store/told-events.ts'
import { digestText, jobText } from './sentences.ts'

const MOST_REASON = 1_000
const MOST_LINES = 10
const MOST_LINE = 300

export const TYPE_OF: Readonly<Record<Happened, Exclude<WebhookMessageType, 'job.digest' | 'webhook.test'>>> = {
  failed: 'job.failed',
  held: 'job.held',
  completed: 'job.completed',
  cancelled: 'job.cancelled',
  started: 'job.started',
}

/** Whether somebody who asked for these events is to be told. */
export function isAskedFor(events: readonly WebhookEvent[], happened: Happened, ranSeconds: number): boolean {
  if (events.includes(happened)) return true
  return happened === 'completed' && events.includes('completed-long') && ranSeconds > LONG_RUN_SECONDS
}

/** Whether it is one of those jobs. */
export const isInScope = (
  { owner, everyone, labels, job }: Pick<Webhook, 'owner' | 'everyone' | 'labels' | 'job'>,
  of: Pick<Job, 'id' | 'owner' | 'request'>,
): boolean =>
  (everyone || owner === of.owner.id) &&
  (job === null || job === of.id) &&
  Object.entries(labels).every(([key, value]) => of.request.labels[key] === value)

/** On its nodes: of each submission what Slurm counted, or what its runs say, whichever is more; each by one clock. */
export function ranSecondsOf({ submissions, runs }: Pick<Job, 'submissions' | 'runs'>): number {
  const total = submissions.reduce((sum, { submission, elapsedSeconds }) => {
    const told = runs
      .filter(
        ({ run, startedAt, endedAt }) => run.startsWith(`${submission}-`) && startedAt !== null && endedAt !== null,
      )
      .reduce((seconds, run) => seconds + secondsBetween(run.startedAt, run.endedAt), 0)
    return sum + Math.max(elapsedSeconds ?? 0, told)
  }, 0)
  return Math.round(total)
}

const secondsBetween = (start: string | null, end: string | null): number =>
  start === null || end === null ? 0 : Math.max(0, (Date.parse(end) - Date.parse(start)) / 1000)

/** @param pages where people reach the server, without a slash at its end */
export function jobMessage(job: Job, told: ToldEvent, pages: string): WebhookMessage {
  const { happened, at: timestamp, detail } = told
  const explained = happened === 'failed' || happened === 'held' || happened === 'cancelled'
  const shown: WebhookJob = {
    id: job.id,
    name: job.name,
    owner: job.owner.id,
    cluster: job.cluster,
    partition: job.request.resources.partition,
    labels: job.request.labels,
    state: job.state,
    held: job.hold !== null,
    failure: happened === 'failed' ? (job.failure?.reason ?? null) : null,
    reason: explained ? cut(detail, MOST_REASON) : null,
    action: happened === 'failed' ? cut(job.failure?.action ?? '', MOST_REASON) || null : HELD_ACTION[happened],
    epochs: job.progress.epochs,
    ofEpochs: job.progress.of,
    values: job.progress.last?.values ?? {},
    nonFinite: job.progress.last?.nonFinite ?? {},
    ranSeconds: ranSecondsOf(job),
    logTail: happened === 'failed' ? lastLines(job.failure?.logTail ?? '') : [],
    url: `${pages}/jobs/${job.id}`,
  }
  return { type: TYPE_OF[happened], timestamp, data: { text: jobText(happened, shown), job: shown } }
}

const HELD_ACTION: Readonly<Record<Happened, string | null>> = {
  held: 'When the cause is gone, release it: it then tries that step again. Or cancel it.',
  failed: null,
  completed: null,
  cancelled: null,
  started: null,
}

export type DigestLine = Extract<WebhookMessage, { type: 'job.digest' }>['data']['first'][number]

export function digestLine(message: WebhookMessage): DigestLine | null {
  if (message.type === 'job.digest' || message.type === 'webhook.test') return null
  const { id, name, reason, url } = message.data.job
  return { type: message.type, timestamp: message.timestamp, id, name, reason: reason && cut(reason, 200), url }
}

export interface Many {
  fromMs: number
  untilMs: number
  counts: Readonly<Record<string, number>>
  first: readonly DigestLine[]
}

export function digestMessage({ fromMs, untilMs, counts, first }: Many, at: string, pages: string): WebhookMessage {
  const data = {
    from: new Date(fromMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    counts: { ...counts },
    first: [...first],
    url: `${pages}/`,
  }
  return { type: 'job.digest', timestamp: at, data: { text: digestText(data), ...data } }
}

export const testMessage = ({ id }: Pick<Webhook, 'id'>, at: string, pages: string): WebhookMessage => ({
  type: 'webhook.test',
  timestamp: at,
  data: {
    text: `A test from Trotline: messages of this webhook reach you.\n${pages}/settings`,
    webhook: id,
    url: `${pages}/settings`,
  },
})

/** The body, and what it is. */
export function written(message: WebhookMessage, format: Webhook['format']): string {
  if (format === 'json') return JSON.stringify(message)
  // Half a character, as a slice leaves it or a receiver of ours may write it, would be refused by whoever parses it.
  const text = Buffer.from(message.data.text).toString()
  if (format === 'slack') return JSON.stringify({ text: forChats(text) })
  return brief(text)
}

/** ntfy makes a file of what is longer than 4,096 bytes, which a phone does not show. */
const MOST_TEXT_BYTES = 4_096

/** Every line shorter, until all of it fits: but the last, which is the address. */
function brief(text: string): string {
  const lines = text.split('\n')
  const address = lines.pop() ?? ''
  let shorter = text
  for (const most of [400, 200, 100, 50]) {
    if (Buffer.byteLength(shorter) <= MOST_TEXT_BYTES) break
    shorter = [...lines.map(line => cut(line, most)), address].join('\n')
  }
  return shorter
}

/**
 * Slack's own three (its reference of message formatting): what looks like a link in a log is none. Mattermost and Rocket.Chat call a whole
 * channel by a plain @all: a character without width keeps them from it.
 */
const forChats = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@(?=(?:all|channel|here|everyone)\b)/gi, '@\u200b')

export const CONTENT_TYPE: Readonly<Record<Webhook['format'], string>> = {
  json: 'application/json',
  slack: 'application/json',
  text: 'text/plain; charset=utf-8',
}

/** As a terminal would show them at last: without colours, of a progress bar its last state. */
function lastLines(text: string): string[] {
  const lines = text.split('\n').map(line => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    const plain = line.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/\r+$/, '')
    return cut(plain.slice(plain.lastIndexOf('\r') + 1).replace(/[^\t\P{Cc}]/gu, ''), MOST_LINE)
  })
  while (lines.at(-1) === '') lines.pop()
  return lines.slice(-MOST_LINES)
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text
  // Not between the two halves of a character.
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}
