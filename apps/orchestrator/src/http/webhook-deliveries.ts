// /v1/webhooks/{id}/deliveries, /test and /resume: what became of the messages, and two ways of having them sent. The process that sends
// (webhooks/sender.ts) does the rest: within a second where it has nothing else to do.
import { Webhook, WebhookDelivery, WebhookDeliveryPage } from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { messageIdOf } from '../webhooks/ids.ts'
import { testMessage, written } from '../webhooks/message.ts'
import { IdempotencyHeaders, idempotencyOf } from './idempotency.ts'
import { NoQuery } from './parameters.ts'
import { baseUrlOf } from './problem-answer.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'
import { ownWebhook, WebhookParams } from './webhook-parameters.ts'

/** Those that wait or are parked and those that are kept besides are a few hundred at most. */
const MOST_A_PAGE = 200

const DeliveriesQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MOST_A_PAGE).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,12}$/, 'is not a cursor of this list')
    .optional(),
})

export const webhookDeliveryRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { webhooks, answers, settings, now } = services
    const pages = baseUrlOf(settings)

    app.get(
      '/v1/webhooks/:id/deliveries',
      {
        schema: {
          summary: 'The messages of a webhook, newest first, with what became of each',
          tags: ['webhooks'],
          params: WebhookParams,
          querystring: DeliveriesQuery,
          response: { 200: WebhookDeliveryPage },
        },
      },
      async ({ principal, params, query: { limit, cursor = null } }) => {
        await ownWebhook(webhooks, principal, params.id)
        return webhooks.deliveries(params.id, limit, cursor)
      },
    )

    app.post(
      '/v1/webhooks/:id/test',
      {
        schema: {
          summary: 'Have a test message sent: once, also where the webhook is parked',
          tags: ['webhooks'],
          headers: IdempotencyHeaders,
          params: WebhookParams,
          querystring: NoQuery,
          response: { 202: WebhookDelivery },
        },
      },
      async (request, reply) => {
        const { principal, params } = request
        const webhook = await ownWebhook(webhooks, principal, params.id)
        if (!settings.webhooks.enabled)
          throw new ProblemError(
            'request-refused',
            'This server tells no webhooks: its operator has switched them off.',
          )
        const key = idempotencyOf(request.headers, principal, ['POST test of webhook', webhook.id])
        const { answer, replayed } = await answers.once(key, () => putTest(webhook))
        if (replayed) reply.header('idempotency-replayed', 'true')
        return reply.code(202).send(answer)
      },
    )

    app.post(
      '/v1/webhooks/:id/resume',
      {
        schema: {
          summary: 'Have a parked webhook send again, and whatever waits or is parked sent now',
          tags: ['webhooks'],
          headers: IdempotencyHeaders,
          params: WebhookParams,
          querystring: NoQuery,
          response: { 200: Webhook },
        },
      },
      async (request, reply) => {
        const { principal, params } = request
        const { id } = await ownWebhook(webhooks, principal, params.id)
        const key = idempotencyOf(request.headers, principal, ['POST resume of webhook', id])
        const { answer, replayed } = await answers.once(key, async () => {
          await webhooks.resume(id, now().getTime())
          request.log.info({ webhook: id }, 'webhook resumed')
          return ownWebhook(webhooks, principal, id)
        })
        if (replayed) reply.header('idempotency-replayed', 'true')
        return reply.code(200).send(answer)
      },
    )

    async function putTest({ id, format }: Webhook): Promise<WebhookDelivery> {
      const at = now()
      const createdAt = at.toISOString()
      const message = testMessage({ id }, createdAt, pages)
      const put = await webhooks.putTest(
        id,
        {
          id: messageIdOf(id, `test ${createdAt} ${Math.random()}`),
          head: { type: message.type, job: null, createdAt },
          body: written(message, format),
        },
        at.getTime(),
      )
      const { items } = await webhooks.deliveries(id, MOST_A_PAGE, null)
      const shown = items.find(item => item.id === put)
      if (shown) return shown
      throw new ProblemError('webhook-not-found', `There is no webhook ${id}`)
    }
  }
