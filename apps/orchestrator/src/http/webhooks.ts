// /v1/webhooks: made, listed, shown, removed. Each belongs to the owner of the token, and to nobody else: not even operators see another's,
// for its address may be a secret.
import { isTerminal, Webhook, WebhookCreated, WebhookId, WebhookPage, WebhookRequest } from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isCoded } from '../errors.ts'
import type { Principal } from '../lifecycle/accept.ts'
import type { WebhookRecord } from '../store/webhook-record.ts'
import { refusalOf } from '../webhooks/destination.ts'
import { newSecret, newWebhookId } from '../webhooks/ids.ts'
import { authorize, authorizeOperator } from './auth.ts'
import { IdempotencyHeaders, idempotencyOf } from './idempotency.ts'
import { NoQuery } from './parameters.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'
import { ownWebhook, WebhookParams } from './webhook-parameters.ts'

export const webhookRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { webhooks, jobs, settings } = services
    const rules = settings.webhooks
    const ListQuery = z.strictObject({
      limit: z.coerce.number().int().min(1).max(settings.limits.listPage).default(50),
      /** The id of a webhook: the page ended with it. */
      cursor: WebhookId.optional(),
    })

    app.post(
      '/v1/webhooks',
      {
        schema: {
          summary: 'Be told of what happens to jobs; the answer has the secret, and no later one has it',
          tags: ['webhooks'],
          headers: IdempotencyHeaders,
          querystring: NoQuery,
          body: WebhookRequest,
          response: { 201: WebhookCreated },
        },
      },
      async (request, reply) => {
        const { principal, body } = request
        const key = idempotencyOf(request.headers, principal, ['POST /v1/webhooks', body])
        await mayBeMade(body, principal)
        const { secret = newSecret(), name = null, job = null, ...asked } = body
        const record: WebhookRecord = {
          ...asked,
          id: newWebhookId(),
          name,
          job,
          owner: principal.owner.id,
          events: [...new Set(asked.events)],
          createdAt: services.now().toISOString(),
        }
        const made = await withRoom(principal.owner.id, () => webhooks.create(record, secret, rules.perOwner, key))
        if (!made.created) reply.header('idempotency-replayed', 'true')
        const shown = await ownWebhook(webhooks, principal, made.id)
        request.log.info({ webhook: made.id, host: new URL(body.url).host }, 'webhook made')
        // Under the same key the same answer: the secret too.
        const kept = made.created ? secret : await webhooks.secret(made.id)
        return reply
          .code(201)
          .header('location', `/v1/webhooks/${made.id}`)
          .header('cache-control', 'no-store')
          .send({ ...shown, secret: kept ?? secret })
      },
    )

    app.get(
      '/v1/webhooks',
      {
        schema: {
          summary: 'List your webhooks, newest first',
          tags: ['webhooks'],
          querystring: ListQuery,
          response: { 200: WebhookPage },
        },
      },
      async ({ principal, query: { limit, cursor = null } }) => webhooks.list(principal.owner.id, limit, cursor),
    )

    app.get(
      '/v1/webhooks/:id',
      {
        schema: {
          summary: 'Show a webhook, and how it goes',
          tags: ['webhooks'],
          params: WebhookParams,
          querystring: NoQuery,
          response: { 200: Webhook },
        },
      },
      async ({ principal, params }) => ownWebhook(webhooks, principal, params.id),
    )

    app.delete(
      '/v1/webhooks/:id',
      {
        schema: {
          summary: 'Remove a webhook, with the messages that wait for it',
          tags: ['webhooks'],
          params: WebhookParams,
          querystring: NoQuery,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const webhook = await ownWebhook(webhooks, request.principal, request.params.id)
        await webhooks.remove(webhook)
        request.log.info({ webhook: webhook.id }, 'webhook removed')
        return reply.code(204).send(null)
      },
    )

    /** @throws ProblemError */
    async function mayBeMade({ url, job, everyone }: WebhookRequest, principal: Principal): Promise<void> {
      if (!rules.enabled)
        throw new ProblemError('request-refused', 'This server tells no webhooks: its operator has switched them off.')
      const refusal = refusalOf(url, rules)
      if (refusal !== null)
        throw new ProblemError('request-refused', refusal, [
          { pointer: '/url', detail: refusal, hint: 'Give an https address that everybody can reach' },
        ])
      if (everyone) authorizeOperator(principal, 'be told of the jobs of others')
      if (job === undefined) return
      const found = await jobs.read(job)
      authorize(principal, 'read', found)
      if (!everyone && found.owner.id !== principal.owner.id)
        throw new ProblemError('request-refused', `Job ${job} is not yours.`, [
          { pointer: '/job', detail: 'The job belongs to another owner', hint: 'Set everyone too, as an operator may' },
        ])
    }

    /** Where the owner has as many as one may have, those of single jobs go that have nothing more to tell. */
    async function withRoom<T>(owner: string, make: () => Promise<T | 'full'>): Promise<T> {
      const made = await make()
      if (made !== 'full') return made
      const { items } = await webhooks.list(owner, rules.perOwner, null)
      const done = await Promise.all(items.map(isDone))
      const oldest = items.filter((_, i) => done[i]).at(-1)
      if (oldest) await webhooks.remove(oldest)
      const again = oldest ? await make() : made
      if (again !== 'full') return again
      throw new ProblemError(
        'request-refused',
        `You have ${items.length} webhooks, and one owner may have ${rules.perOwner}: remove one that you no longer need.`,
      )
    }

    async function isDone({ job, deliveries: { waiting, parked, collected } }: Webhook): Promise<boolean> {
      if (job === null || waiting + parked + collected > 0) return false
      try {
        return isTerminal((await jobs.read(job)).state)
      } catch (error) {
        if (isCoded(error) && error.code === 'JOB_NOT_FOUND') return true
        throw error
      }
    }
  }
