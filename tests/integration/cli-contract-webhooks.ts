// The webhooks of the contract server: kept as a test makes them, a test message that arrives or does not.
import type { ServerResponse } from 'node:http'
import {
  Problem,
  Webhook,
  WebhookCreated,
  WebhookDelivery,
  WebhookDeliveryPage,
  WebhookPage,
  WebhookRequest,
} from '../../packages/contracts/src/index.ts'
import { type ContractServer, now } from './cli-contract-server.ts'

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

export function addWebhooks(server: ContractServer) {
  const state = {
    webhooks: [] as Webhook[],
    deliveries: [] as WebhookDelivery[],
    /** How the receiver answers the next test. */
    answer: 204,
    /** Under which keys which one was made. */
    byKey: new Map<string, WebhookCreated>(),
    /** How often a test is still on its way when it is looked at. */
    waits: 1,
  }
  const send = (response: ServerResponse, status: number, value: unknown): true => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    return true
  }
  server.routes.push((request, response, body) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [, , things, id, room] = url.pathname.split('/')
    if (things !== 'webhooks') return false
    if (id === undefined && request.method === 'GET')
      return send(response, 200, WebhookPage.parse({ items: state.webhooks.toReversed(), nextCursor: null }))
    if (id === undefined) return send(response, 201, create(body, String(request.headers['idempotency-key'])))
    const found = state.webhooks.find(one => one.id === id)
    if (found === undefined) {
      const problem = Problem.parse({
        type: 'http://trotline.test/guide/errors/webhook-not-found',
        status: 404,
        code: 'webhook-not-found',
        title: 'There is no such webhook',
        detail: `You have no webhook ${id}.`,
        instance: 'req-0001',
      })
      response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
      return true
    }
    if (room === 'deliveries') {
      state.waits -= 1
      if (state.waits <= 0) state.deliveries = state.deliveries.map(tried)
      return send(response, 200, WebhookDeliveryPage.parse({ items: state.deliveries.toReversed(), nextCursor: null }))
    }
    if (room === 'test') {
      const delivery = WebhookDelivery.parse({
        id: `msg_${String(state.deliveries.length).padStart(24, '0')}`,
        type: 'webhook.test',
        job: null,
        createdAt: now(),
        status: 'waiting',
        tries: 0,
        lastTries: [],
        nextAt: now(),
      })
      state.deliveries.push(delivery)
      return send(response, 202, delivery)
    }
    if (room === 'resume') {
      const resumed = Webhook.parse({ ...found, status: 'active', parked: null })
      state.webhooks = state.webhooks.map(one => (one.id === id ? resumed : one))
      return send(response, 200, resumed)
    }
    if (request.method === 'DELETE') {
      state.webhooks = state.webhooks.filter(one => one.id !== id)
      response.writeHead(204).end()
      return true
    }
    return send(response, 200, Webhook.parse(found))
  })

  function tried(delivery: WebhookDelivery): WebhookDelivery {
    if (delivery.status !== 'waiting') return delivery
    const ok = state.answer < 300
    const why = ok ? null : `The receiver answered ${state.answer}.`
    const lastTries = [{ at: now(), status: state.answer, why, milliseconds: 12 }]
    return WebhookDelivery.parse({
      ...delivery,
      status: ok ? 'delivered' : 'failed',
      tries: 1,
      lastTries,
      nextAt: null,
    })
  }

  function create(body: string, key: string): WebhookCreated {
    const before = state.byKey.get(key)
    if (before !== undefined) return before
    const { secret = SECRET, name = null, job = null, ...asked } = WebhookRequest.parse(JSON.parse(body))
    const made = WebhookCreated.parse({
      ...asked,
      id: `wh${String(state.webhooks.length + 1).padStart(12, '0')}`,
      name,
      job,
      owner: 'tester',
      createdAt: now(),
      status: 'active',
      parked: null,
      failing: null,
      lastDeliveredAt: null,
      deliveries: { waiting: 0, parked: 0, collected: 0 },
      secret,
    })
    const { secret: _, ...kept } = made
    state.webhooks.push(Webhook.parse(kept))
    state.byKey.set(key, made)
    return made
  }
  return state
}
