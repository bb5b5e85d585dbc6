// The same for people: a few lines that need no page to be opened.
import type { WebhookJob, WebhookMessage } from '@trotline/contracts'
import type { Happened } from '../store/told-events.ts'

const VERB: Readonly<Record<Happened, string>> = {
  failed: 'failed',
  held: 'is held and waits for you',
  completed: 'is completed',
  cancelled: 'is cancelled',
  started: 'has started',
}

export function jobText(happened: Happened, job: WebhookJob): string {
  const head = `${job.name} ${VERB[happened]}${job.failure === null ? '' : ` (${job.failure})`}`
  return [
    job.reason === null ? `${head}.` : `${head}: ${job.reason}`,
    ...(job.action === null ? [] : [job.action]),
    ...progressOf(job),
    ...(job.logTail.length === 0 ? [] : ['', ...job.logTail.map(line => `  ${line}`), '']),
    job.url,
  ].join('\n')
}

/** `loss 0.1234, val_loss nan after epoch 120 of 1000; ran 12 min on local/gpu.` */
function progressOf({ values, nonFinite, epochs, ofEpochs, ranSeconds, cluster, partition }: WebhookJob): string[] {
  const shown = Object.entries(values)
    .slice(0, 6)
    .map(([name, value]) => `${name} ${value === null ? (nonFinite[name] ?? 'unknown') : numberText(value)}`)
  const trained = epochs === 0 ? '' : `${shown.join(', ')} after epoch ${epochs} of ${ofEpochs}; `
  const ran = ranSeconds === 0 ? 'on' : `ran ${durationText(ranSeconds)} on`
  const line = `${trained}${ran} ${cluster}/${partition}.`
  return [`${epochs === 0 ? line.charAt(0).toUpperCase() : line.charAt(0)}${line.slice(1)}`]
}

const numberText = (value: number): string => String(Number(value.toPrecision(4)))

export function durationText(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

type Digest = Omit<Extract<WebhookMessage, { type: 'job.digest' }>['data'], 'text'>

/** `14 messages in one, from … to …: 12 failed, 2 completed.`, and the first of them. */
export function digestText({ counts, first, from, until, url }: Digest): string {
  const parts = Object.entries(counts).map(([type, count]) => `${count} ${type.replace('job.', '')}`)
  const total = Object.values(counts).reduce((sum, count) => sum + (count ?? 0), 0)
  const lines = first.map(({ name, type, reason, url: page }) => {
    return `${name} ${type.replace('job.', '')}${reason === null ? '' : `: ${reason}`}\n  ${page}`
  })
  const more = total - first.length
  return [
    `${total === 1 ? '1 message' : `${total} messages in one`}, from ${minuteText(from)} to ${minuteText(until)}: ${parts.join(', ')}.`,
    ...lines,
    ...(more > 0 ? [`and ${more} more: ${url}`] : []),
  ].join('\n')
}

const minuteText = (at: string): string => `${at.slice(0, 16).replace('T', ' ')} UTC`
