// What the routes of webhooks share.
import { type Webhook, WebhookId } from '@trotline/contracts'
import { z } from 'zod'
import type { Principal } from '../lifecycle/accept.ts'
import type { WebhookStore } from '../store/webhooks.ts'
import { ProblemError } from './problems.ts'

export const WebhookParams = z.strictObject({ id: WebhookId })

/** Another's does not exist. @throws ProblemError webhook-not-found */
export async function ownWebhook(store: WebhookStore, { owner }: Principal, id: string): Promise<Webhook> {
  const webhook = await store.read(id)
  if (webhook?.owner === owner.id) return webhook
  throw new ProblemError('webhook-not-found', `There is no webhook ${id}`)
}
