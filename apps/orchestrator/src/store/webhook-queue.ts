// What the one process that sends reads and writes of webhooks: the outbox, what is due, what became of it. Every write names its lease.
import type { Webhook, WebhookTry } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { OrchestratorError } from '../errors.ts'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'
import { OUTBOX_KEPT, ToldEvent } from './told-events.ts'
import {
  collectedType,
  deliveryOf,
  type Fields,
  healthOf,
  recordOf,
  type StoredDelivery,
  type WebhookHealth,
  type WebhookRecord,
} from './webhook-record.ts'
import { CLAIM, FLUSH, SETTLE, TAKE } from './webhook-scripts.ts'
import type { Message } from './webhooks.ts'

export interface OutboxEntry {
  entry: string
  /** null: nobody can read it. */
  told: ToldEvent | null
}

/** A message for one webhook, and its line should it become one of many. */
export interface Addressed extends Message {
  webhook: string
  line: string
}

export interface Collected {
  total: number
  fromMs: number
  untilMs: number
  counts: Record<string, number>
  /** Lines as they were put, oldest first. */
  first: string[]
}

export interface Due {
  id: string
  /** '' where the webhook is gone. */
  owner: string
  /** It took what it was told last. */
  answers: boolean
}

export type Claim =
  | { kind: 'none' }
  | { kind: 'digest'; webhook: WebhookRecord; collected: Collected }
  | { kind: 'send'; webhook: WebhookRecord; health: WebhookHealth; delivery: StoredDelivery; secret: string }

export interface Settled {
  status: 'delivered' | 'waiting' | 'parked' | 'failed'
  log: readonly WebhookTry[]
  nextMs: number | null
  failing: Webhook['failing']
  restUntilMs: number | null
  at: string
  park: Webhook['parked']
  parkWhereMany: Webhook['parked']
}

export interface QueueLimits {
  /** Waiting and parked messages of one webhook. */
  mostOpen: number
  /** Of their bodies together; the last one may go past it. */
  mostOpenBytes: number
  windowMs: number
  mostInWindow: number
  claimMs: number
}

/** What writes: @throws LEASE_LOST */
export interface WebhookQueue {
  /** Oldest first. */
  outbox(limit: number): Promise<OutboxEntry[]>
  /** Then the oldest entries may be gone. */
  isOutboxFull(): Promise<boolean>
  /** The longest due first. */
  due(nowMs: number, from: number, limit: number): Promise<Due[]>
  /** False: it was taken before. */
  take(entry: string, messages: readonly Addressed[], nowMs: number): Promise<boolean>
  claim(webhook: string, nowMs: number): Promise<Claim>
  /** False: more has come since `total`. */
  flush(webhook: string, total: number, message: Message, nowMs: number): Promise<boolean>
  settle(webhook: string, message: string, settled: Settled): Promise<void>
}

/** @param leaseKey the lease's key   @param lease its value now; null: another process has it */
export function createWebhookQueue(
  redis: Redis,
  keys: Keys,
  leaseKey: string,
  lease: () => string | null,
  limits: QueueLimits,
): WebhookQueue {
  const base = keys.webhookBase()
  const lost = (): OrchestratorError => new OrchestratorError('LEASE_LOST', 'Another process sends to webhooks now')
  async function script<T extends string | readonly unknown[]>(lua: string, ...args: (string | number)[]): Promise<T> {
    const value = lease()
    if (value === null) throw lost()
    const answer = (await asking(redis.eval(lua, 1, leaseKey, value, base, ...args.map(String)))) as T
    if (answer === 'lease' || answer[0] === 'lease') throw lost()
    return answer
  }

  return {
    async outbox(limit) {
      const rows = await asking(redis.xrange(keys.webhookOutbox(), '-', '+', 'COUNT', limit))
      return rows.map(([entry, [, text = '']]) => ({ entry, told: toldFrom(text) }))
    },

    isOutboxFull: async () => (await asking(redis.xlen(keys.webhookOutbox()))) >= OUTBOX_KEPT,

    async due(nowMs, from, limit) {
      const ids = await asking(redis.zrangebyscore(`${base}-due`, '-inf', nowMs, 'LIMIT', from, limit))
      const fields = await asking(
        Promise.all(ids.map(id => redis.hmget(keys.webhook(id), 'record', 'failing', 'lastDeliveredAt'))),
      )
      return ids.map((id, i) => {
        const [record, failing, lastDeliveredAt] = fields[i] ?? []
        const owner = String(JSON.parse(record ?? '{}').owner ?? '')
        return { id, owner, answers: !failing && Boolean(lastDeliveredAt) }
      })
    },

    async take(entry, messages, nowMs) {
      const rows = messages.map(({ webhook, id, head, body, line }) => [
        webhook,
        id,
        JSON.stringify(head),
        body,
        head.type,
        line,
      ])
      const { mostOpen, mostOpenBytes, windowMs, mostInWindow } = limits
      const numbers = [nowMs, mostOpen, mostOpenBytes, windowMs, mostInWindow]
      const answer = await script<string>(TAKE, entry, ...numbers, JSON.stringify(rows))
      return answer === 'ok'
    },

    async claim(webhook, nowMs) {
      const [kind, ...rest] = await script<[string, ...unknown[]]>(
        CLAIM,
        webhook,
        nowMs,
        nowMs + limits.claimMs,
        limits.mostOpen,
        limits.mostOpenBytes,
      )
      if (kind === 'digest') {
        const [fields, collected, first] = rest as [string[], string[], string[]]
        return { kind, webhook: recordOf(fieldsOf(fields)), collected: collectedOf(fieldsOf(collected), first) }
      }
      if (kind !== 'send') return { kind: 'none' }
      const [message, fields, delivery, secret] = rest as [string, string[], string[], string]
      return {
        kind,
        webhook: recordOf(fieldsOf(fields)),
        health: healthOf(fieldsOf(fields)),
        delivery: deliveryOf(message, fieldsOf(delivery)),
        secret,
      }
    },

    async flush(webhook, total, { id, head, body }, nowMs) {
      return (await script<string>(FLUSH, webhook, total, nowMs, id, JSON.stringify(head), body)) === 'ok'
    },

    async settle(webhook, message, { status, log, nextMs, failing, restUntilMs, at, park, parkWhereMany }) {
      await script<string>(
        SETTLE,
        webhook,
        message,
        status,
        JSON.stringify(log),
        nextMs ?? '',
        jsonOf(failing),
        restUntilMs ?? '',
        at,
        jsonOf(park),
        jsonOf(parkWhereMany),
        Math.ceil(limits.mostOpen / 2),
        Math.ceil(limits.mostOpenBytes / 2),
      )
    },
  }
}

function toldFrom(text: string): ToldEvent | null {
  try {
    return ToldEvent.parse(JSON.parse(text))
  } catch {
    return null
  }
}

const jsonOf = (value: unknown): string => (value === null ? '' : JSON.stringify(value))

const fieldsOf = (flat: readonly string[]): Fields =>
  Object.fromEntries(flat.flatMap((word, i) => (i % 2 === 0 ? [[word, flat[i + 1] ?? '']] : [])))

function collectedOf(fields: Fields, first: string[]): Collected {
  const counts: Record<string, number> = {}
  for (const [field, count] of Object.entries(fields)) {
    const type = collectedType(field)
    if (type !== null) counts[type] = Number(count)
  }
  return { total: Number(fields.total), fromMs: Number(fields.from), untilMs: Number(fields.until), counts, first }
}
