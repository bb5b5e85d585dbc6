// A receiver of webhooks on loopback, and the process that sends to it with a clock of the test's own: hours pass by setting it.
import assert from 'node:assert/strict'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebhookMessage } from '@trotline/contracts'
import type { WebhookSettings } from '../../apps/orchestrator/src/config.ts'
import { createLease } from '../../apps/orchestrator/src/store/lease.ts'
import { createWebhookQueue } from '../../apps/orchestrator/src/store/webhook-queue.ts'
import type { WebhookRecord } from '../../apps/orchestrator/src/store/webhook-record.ts'
import { createWebhookStore, type WebhookStore } from '../../apps/orchestrator/src/store/webhooks.ts'
import { newSecret, newWebhookId } from '../../apps/orchestrator/src/webhooks/ids.ts'
import {
  CLAIM_MS,
  createSender,
  MOST_IN_WINDOW,
  type Sender,
  type SenderCrashPoint,
  WEBHOOK_LEASE,
  WINDOW_MS,
} from '../../apps/orchestrator/src/webhooks/sender.ts'
import { type Store, silent } from './orchestrator-store.ts'

export interface Received {
  id: string
  headers: IncomingHttpHeaders
  body: string
}

export interface Receiver {
  url: string
  /** `127.0.0.1:PORT` */
  host: string
  received: Received[]
  /** How it answers from now on. Default: 204. */
  answer(how: (response: ServerResponse) => void): void
  close(): Promise<void>
}

export const status =
  (code: number, headers: Record<string, string> = {}, body = '') =>
  (response: ServerResponse): void => {
    response.writeHead(code, headers).end(body)
  }

export async function createReceiver(): Promise<Receiver> {
  const received: Received[] = []
  let how = status(204)
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const { headers } = request
      received.push({ id: String(headers['webhook-id']), headers, body: Buffer.concat(chunks).toString() })
      how(response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${host}/hook`,
    host,
    received,
    answer(next) {
      how = next
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** As a receiver checks it: standardwebhooks.com. */
export function verified({ headers, body }: Received, secret: string): WebhookMessage {
  const { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signatures } = headers
  const mac = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64')).update(
    `${id}.${seconds}.${body}`,
  )
  const expected = Buffer.from(`v1,${mac.digest('base64')}`)
  const found = Buffer.from(String(signatures))
  assert.ok(found.length === expected.length && timingSafeEqual(found, expected), 'the signature is not right')
  return WebhookMessage.parse(JSON.parse(body))
}

export interface SenderRig {
  webhooks: WebhookStore
  /** A webhook of ada's, with what a test cares about put over. */
  make(over?: Partial<WebhookRecord>): Promise<{ id: string; secret: string }>
  /** Another process that may send. */
  process(options?: { crash?: (point: SenderCrashPoint) => void; tokensGone?: boolean }): Sender
  /** As a process that dies does: the lease ends. */
  endLease(): Promise<void>
  pass(ms: number): void
  nowMs(): number
}

export function createSenderRig(
  store: Store,
  receiver: Receiver,
  { settings = {}, startMs = Date.now() }: { settings?: Partial<WebhookSettings>; startMs?: number } = {},
): SenderRig {
  const { redis, keys, jobs } = store
  const webhooks = createWebhookStore(redis, keys, 60_000)
  const rules: WebhookSettings = {
    enabled: true,
    hosts: [],
    privateHosts: [receiver.host],
    perOwner: 50,
    openPerWebhook: 100,
    openBytesPerWebhook: 131_072,
    sendsAtOnce: 8,
    sendsPerMinute: 100_000,
    timeLimitSeconds: 10,
    ...settings,
  }
  let nowMs = startMs
  return {
    webhooks,
    async make(over = {}) {
      const secret = newSecret()
      const id = newWebhookId()
      const record: WebhookRecord = {
        id,
        name: null,
        owner: 'ada',
        url: receiver.url,
        events: ['failed', 'held', 'completed-long'],
        labels: {},
        job: null,
        everyone: false,
        format: 'json',
        createdAt: new Date(nowMs).toISOString(),
        ...over,
      }
      assert.notEqual(await webhooks.create(record, secret, rules.perOwner, null), 'full')
      return { id, secret }
    },
    process({ crash = () => {}, tokensGone = false } = {}) {
      const lease = createLease(redis, keys, WEBHOOK_LEASE)
      const limits = {
        mostOpen: rules.openPerWebhook,
        mostOpenBytes: rules.openBytesPerWebhook,
        windowMs: WINDOW_MS,
        mostInWindow: MOST_IN_WINDOW,
        claimMs: CLAIM_MS,
      }
      return createSender({
        store: webhooks,
        queue: createWebhookQueue(redis, keys, keys.lease(WEBHOOK_LEASE), () => lease.value, limits),
        lease,
        jobs,
        settings: rules,
        voices: tokensGone
          ? { owners: new Set(), operators: new Set() }
          : { owners: new Set(['ada', 'bob', 'staff']), operators: new Set(['staff']) },
        pages: 'https://trotline.example',
        now: () => new Date(nowMs),
        log: silent,
        random: () => 0.5,
        crash,
      })
    },
    endLease: async () => void (await redis.del(keys.lease(WEBHOOK_LEASE))),
    pass(ms) {
      nowMs += ms
    },
    nowMs: () => nowMs,
  }
}
