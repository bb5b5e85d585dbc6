// The headers of Standard Webhooks: standardwebhooks.com, specification of its 1.0.0.
import { createHmac } from 'node:crypto'

export interface WebhookHeaders {
  'webhook-id': string
  /** Seconds since 1970, of this try. */
  'webhook-timestamp': string
  'webhook-signature': string
}

/** @param secret `whsec_` and base64 */
export function signedHeaders(secret: string, id: string, atMs: number, body: string): WebhookHeaders {
  const seconds = String(Math.floor(atMs / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const mac = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${mac}` }
}
