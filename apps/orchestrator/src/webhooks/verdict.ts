// From the answer to one try to what is stored of it. Pure: the clock and chance come in.
import type { Webhook, WebhookTry } from '@trotline/contracts'
import type { Settled } from '../store/webhook-queue.ts'
import type { StoredDelivery, WebhookHealth } from '../store/webhook-record.ts'
import { PARK_AFTER_MS, restAfter, waitAfter, wishedWait } from './backoff.ts'
import type { Answer } from './post.ts'

export interface Tried {
  answer: Answer
  delivery: Pick<StoredDelivery, 'head' | 'rung' | 'log'>
  health: WebhookHealth
  startedMs: number
  endedMs: number
  /** 0 to 1. */
  random: number
}

const MOST_TRIES = 10
const GONE = 410

export function verdictOf({ answer, delivery, health, startedMs, endedMs, random }: Tried): Settled {
  const at = new Date(endedMs).toISOString()
  const why = troubleOf(answer)
  const tried: WebhookTry = {
    at: new Date(startedMs).toISOString(),
    status: answer.status,
    why,
    milliseconds: Math.max(0, Math.round(endedMs - startedMs)),
  }
  const shared = { log: [...delivery.log, tried].slice(-MOST_TRIES), at, park: null, parkWhereMany: null }
  if (why === null) return { ...shared, status: 'delivered', nextMs: null, failing: null, restUntilMs: null }

  const failing = { since: health.failing?.since ?? at, tries: (health.failing?.tries ?? 0) + 1, why }
  const wished = answer.status === null ? 0 : wishedWait(answer.retryAfterMs)
  const failed = { ...shared, failing, restUntilMs: endedMs + Math.max(restAfter(failing.tries, random), wished) }
  const parked = (reason: 'gone' | 'failing', text: string): Webhook['parked'] => ({ since: at, reason, why: text })
  const isTest = delivery.head.type === 'webhook.test'
  if (answer.status === GONE) {
    const park = parked('gone', 'The receiver answered 410 Gone: it wants no more messages at this address.')
    return { ...failed, status: isTest ? 'failed' : 'parked', nextMs: null, park }
  }
  if (isTest) return { ...failed, status: 'failed', nextMs: null }
  const waitMs = waitAfter(delivery.rung, random)
  const sinceMs = Date.parse(failing.since)
  // Others came through in the meantime: it is this message that the receiver does not take.
  const alone = health.lastDeliveredAt !== null && health.lastDeliveredAt > delivery.head.createdAt
  if (endedMs - sinceMs >= PARK_AFTER_MS || (waitMs === null && !alone)) {
    const park = parked('failing', `Nothing came through since ${failing.since}; the last try: ${why}`)
    return { ...failed, status: 'parked', nextMs: null, park }
  }
  if (waitMs === null) {
    const many = parked('failing', `Many messages were refused again and again; the last one: ${why}`)
    return { ...failed, status: 'parked', nextMs: null, parkWhereMany: many }
  }
  return { ...failed, status: 'waiting', nextMs: endedMs + Math.max(waitMs, wished) }
}

/** Of a message whose owner may not be told any more: nothing was sent, and how the receiver is stays as it was. */
export function unheard({
  health: { failing },
  delivery: { log },
  at,
}: Pick<Tried, 'health'> & { delivery: Pick<StoredDelivery, 'log'>; at: string }): Settled {
  const why = 'Its owner may not be told any more: the token is gone, or is no longer one of an operator.'
  const park = { since: at, reason: 'forbidden' as const, why }
  return { status: 'parked', log, nextMs: null, failing, restUntilMs: null, at, park, parkWhereMany: null }
}

/** null: it was taken. */
function troubleOf(answer: Answer): string | null {
  if (answer.status === null) return answer.why
  const { status, words } = answer
  if (status >= 200 && status < 300) return null
  const said = words === '' ? '' : `: ${words}`
  if (status >= 300 && status < 400) return `It answered ${status}, which sends elsewhere; that is not followed.`
  return `It answered ${status}${said}`
}
