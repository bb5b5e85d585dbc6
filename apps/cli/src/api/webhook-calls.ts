// /v1/webhooks as this command line asks it.
import type { Schema } from '@trotline/client'
import { Webhook, WebhookCreated, WebhookDelivery, WebhookDeliveryPage, WebhookPage } from '@trotline/contracts'
import type { NameCache } from '../completion/name-cache.ts'
import { createReadAnswer, serverTime } from './answer.ts'
import type { Api } from './exchange.ts'

type Paging = { limit?: number; cursor?: string }

export function webhookCalls(api: Api, host: string, names: Pick<NameCache, 'webhooks'>) {
  const read = createReadAnswer(host)
  return {
    list: async (query: Paging = {}): Promise<WebhookPage> => {
      const page = read(WebhookPage, await api.get('/v1/webhooks', { query }))
      if (query.cursor === undefined) names.webhooks(page.items)
      return page
    },
    /** The one answer that has the secret; asked again under the same key it is the same answer. @param request as it was written */
    create: async (request: unknown, key: string): Promise<WebhookCreated> =>
      read(WebhookCreated, await api.post('/v1/webhooks', { body: request as Schema<'WebhookRequestInput'>, key })),
    /** Also says how the server's clock stands. */
    show: async (id: string): Promise<{ webhook: Webhook; now: number }> => {
      const answer = await api.get('/v1/webhooks/{id}', { path: { id } })
      return { webhook: read(Webhook, answer), now: serverTime(answer) }
    },
    test: async (id: string): Promise<WebhookDelivery> =>
      read(WebhookDelivery, await api.post('/v1/webhooks/{id}/test', { path: { id } })),
    resume: async (id: string): Promise<Webhook> =>
      read(Webhook, await api.post('/v1/webhooks/{id}/resume', { path: { id } })),
    remove: async (id: string): Promise<void> => {
      await api.delete('/v1/webhooks/{id}', { path: { id } })
    },
    deliveries: async (id: string, query: Paging): Promise<{ page: WebhookDeliveryPage; now: number }> => {
      const answer = await api.get('/v1/webhooks/{id}/deliveries', { path: { id }, query })
      return { page: read(WebhookDeliveryPage, answer), now: serverTime(answer) }
    },
  }
}
