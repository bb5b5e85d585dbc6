// A webhook as it is stored, how people see it, and how its deliveries are read.
import {
  DeliveryId,
  Webhook,
  WebhookDelivery,
  WebhookMessageType,
  type WebhookTry,
  WebhookTry as WebhookTrySchema,
} from '@trotline/contracts'
import { z } from 'zod'

/** What its owner said; how it goes stands beside it, in fields of the same hash. */
export const WebhookRecord = Webhook.pick({
  id: true,
  name: true,
  owner: true,
  url: true,
  events: true,
  labels: true,
  job: true,
  everyone: true,
  format: true,
  createdAt: true,
})
export type WebhookRecord = z.infer<typeof WebhookRecord>

/** What of a message never changes, less its body. */
export const DeliveryHead = WebhookDelivery.pick({ type: true, job: true, createdAt: true })
export type DeliveryHead = z.infer<typeof DeliveryHead>

export type Fields = Readonly<Record<string, string>>

/** How a webhook goes. */
export interface WebhookHealth {
  parked: Webhook['parked']
  failing: Webhook['failing']
  lastDeliveredAt: string | null
}

export const healthOf = ({ parked, failing, lastDeliveredAt = null as never }: Fields): WebhookHealth => ({
  parked: parked === undefined ? null : Webhook.shape.parked.parse(JSON.parse(parked)),
  failing: failing === undefined ? null : Webhook.shape.failing.parse(JSON.parse(failing)),
  lastDeliveredAt,
})

export const recordOf = (fields: Fields): WebhookRecord => WebhookRecord.parse(JSON.parse(fields.record ?? 'null'))

export function viewOf(fields: Fields, deliveries: Webhook['deliveries']): Webhook {
  const health = healthOf(fields)
  return { ...recordOf(fields), ...health, status: health.parked === null ? 'active' : 'parked', deliveries }
}

export interface StoredDelivery {
  id: string
  head: DeliveryHead
  body: string
  number: number
  tries: number
  /** Of the ladder: tries since it was put, or since the webhook was resumed. */
  rung: number
  log: WebhookTry[]
}

const Numbers = z.object({ number: z.coerce.number(), tries: z.coerce.number(), rung: z.coerce.number() })

export function deliveryOf(id: string, fields: Fields): StoredDelivery {
  return {
    id: DeliveryId.parse(id),
    head: DeliveryHead.parse(JSON.parse(fields.head ?? 'null')),
    body: fields.body ?? '',
    ...Numbers.parse(fields),
    log: z.array(WebhookTrySchema).parse(JSON.parse(fields.log ?? '[]')),
  }
}

/** @param nextMs when it is tried next; null: it is not */
export function deliveryViewOf(id: string, fields: Fields, nextMs: number | null): WebhookDelivery {
  const { head, tries, log } = deliveryOf(id, { ...fields, body: '' })
  return {
    id,
    ...head,
    status: WebhookDelivery.shape.status.parse(fields.status),
    tries,
    lastTries: log,
    nextAt: nextMs === null ? null : new Date(nextMs).toISOString(),
  }
}

export const collectedType = (field: string): WebhookMessageType | null =>
  field.startsWith('type:') ? WebhookMessageType.parse(field.slice('type:'.length)) : null
