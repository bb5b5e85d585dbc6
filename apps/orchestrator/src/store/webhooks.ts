// Webhooks in Redis as their owners see them: made, listed, removed, resumed, with what became of their messages. Who sends reads
// webhook-queue.ts.
import type { Webhook, WebhookDelivery } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { OrchestratorError } from '../errors.ts'
import type { Idempotency } from './job-store.ts'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'
import { type DeliveryHead, deliveryViewOf, type Fields, viewOf, WebhookRecord } from './webhook-record.ts'
import { CREATE, PUT_TEST, REMOVE, RESUME } from './webhook-scripts.ts'

export interface Message {
  id: string
  head: DeliveryHead
  body: string
}

export interface WebhookStore {
  /** `full`: the owner has as many as one may have. @throws IDEMPOTENCY_KEY_REUSED */
  create(
    record: WebhookRecord,
    secret: string,
    mostPerOwner: number,
    idempotency: Idempotency | null,
  ): Promise<{ id: string; created: boolean } | 'full'>
  /** null: there is none. */
  read(id: string): Promise<Webhook | null>
  secret(id: string): Promise<string | null>
  /** Newest first. */
  list(owner: string, limit: number, cursor: string | null): Promise<{ items: Webhook[]; nextCursor: string | null }>
  /** Of the jobs of this owner, those of all owners too. */
  listening(owner: string): Promise<WebhookRecord[]>
  remove(webhook: Pick<Webhook, 'id' | 'owner'>): Promise<void>
  /** Answers the id of the message: of one that waits already, where there is one. null: there is no such webhook. */
  putTest(id: string, message: Message, nowMs: number): Promise<string | null>
  resume(id: string, nowMs: number): Promise<void>
  /** Newest first. */
  deliveries(
    id: string,
    limit: number,
    cursor: string | null,
  ): Promise<{ items: WebhookDelivery[]; nextCursor: string | null }>
}

export function createWebhookStore(redis: Redis, keys: Keys, idempotencyMs: number): WebhookStore {
  const base = keys.webhookBase()
  const script = <T>(lua: string, scriptKeys: readonly string[], ...args: (string | number)[]): Promise<T> =>
    asking(redis.eval(lua, scriptKeys.length, ...scriptKeys, ...args.map(String))) as Promise<T>

  async function views(ids: readonly string[]): Promise<Webhook[]> {
    const found = await asking(
      Promise.all(
        ids.map(id =>
          Promise.all([
            redis.hgetall(keys.webhook(id)),
            redis.zcard(`${base}-waiting:${id}`),
            redis.zcard(`${base}-parked:${id}`),
            redis.hget(`${base}-collected:${id}`, 'total'),
          ]),
        ),
      ),
    )
    return found.flatMap(([fields, waiting, parked, collected]) =>
      fields.record === undefined ? [] : viewOf(fields, { waiting, parked, collected: Number(collected ?? 0) }),
    )
  }

  return {
    async create(record, secret, mostPerOwner, idempotency) {
      const value = idempotency ? JSON.stringify({ id: record.id, bodySha256: idempotency.bodySha256 }) : ''
      const [answer, known] = await script<['ok' | 'full' | 'known', string?]>(
        CREATE,
        [
          keys.webhook(record.id),
          keys.webhooksOf(record.owner),
          keys.webhooks(),
          keys.webhookSecret(record.id),
          idempotency ? keys.idempotency(idempotency.owner, idempotency.keySha256) : keys.webhook(record.id),
          keys.webhooksOfEveryone(),
        ],
        ...[record.id, JSON.stringify(record), secret, Date.parse(record.createdAt), mostPerOwner, value],
        ...[idempotencyMs, record.everyone ? 1 : 0],
      )
      if (answer === 'full') return 'full'
      if (answer === 'known') return { id: knownId(known ?? '{}', idempotency), created: false }
      return { id: record.id, created: true }
    },

    read: async id => (await views([id]))[0] ?? null,
    secret: id => asking(redis.get(keys.webhookSecret(id))),

    async list(owner, limit, cursor) {
      // As many as one owner may have are few.
      const all = (await asking(redis.zrange(keys.webhooksOf(owner), '0', '-1'))).toReversed()
      const from = cursor === null ? 0 : all.indexOf(cursor) + 1
      const page = all.slice(from, from + limit)
      return { items: await views(page), nextCursor: from + limit < all.length ? (page.at(-1) ?? null) : null }
    },

    async listening(owner) {
      const [own, everyones] = await asking(
        Promise.all([
          redis.zrange(keys.webhooksOf(owner), '0', '-1'),
          redis.zrange(keys.webhooksOfEveryone(), '0', '-1'),
        ]),
      )
      const ids = [...new Set([...own, ...everyones])]
      const records = await asking(Promise.all(ids.map(id => redis.hget(keys.webhook(id), 'record'))))
      return records.flatMap(record => (record === null ? [] : readable(record)))
    },

    async remove({ id, owner }) {
      await script(REMOVE, [keys.webhooksOf(owner), keys.webhooksOfEveryone(), keys.webhooks()], base, id)
    },

    async putTest(id, { id: message, head, body }, nowMs) {
      const put = await script<string>(PUT_TEST, [], base, id, nowMs, message, JSON.stringify(head), body)
      return put === '' ? null : put
    },

    async resume(id, nowMs) {
      await script(RESUME, [], base, id, nowMs)
    },

    async deliveries(id, limit, cursor) {
      const shelves = await asking(
        Promise.all(
          ['waiting', 'parked', 'done'].map(shelf => redis.zrange(`${base}-${shelf}:${id}`, '0', '-1', 'WITHSCORES')),
        ),
      )
      const nextMs = new Map(pairsOf(shelves[0] ?? []))
      const ids = shelves.flatMap(shelf => pairsOf(shelf).map(([message]) => message))
      const numbers = await asking(
        Promise.all(ids.map(message => redis.hget(`${base}-delivery:${id}:${message}`, 'number'))),
      )
      const before = cursor === null ? Number.POSITIVE_INFINITY : Number(cursor)
      const rows = ids
        .map((message, i) => ({ message, number: Number(numbers[i] ?? 0) }))
        .filter(({ number }) => number > 0 && number < before)
        .toSorted((a, b) => b.number - a.number)
      const page = rows.slice(0, limit)
      const fields = await asking(
        Promise.all(page.map(({ message }) => redis.hgetall(`${base}-delivery:${id}:${message}`))),
      )
      return {
        items: page.flatMap(({ message }, i) => shownDelivery(message, fields[i] ?? {}, nextMs.get(message) ?? null)),
        nextCursor: rows.length > limit ? String(page.at(-1)?.number) : null,
      }
    },
  }
}

/** One that was removed in between has no fields. */
const shownDelivery = (message: string, fields: Fields, nextMs: number | null): WebhookDelivery[] =>
  fields.head === undefined ? [] : [deliveryViewOf(message, fields, fields.status === 'waiting' ? nextMs : null)]

const pairsOf = (flat: readonly string[]): [string, number][] =>
  flat.flatMap((word, i) => (i % 2 === 0 ? [[word, Number(flat[i + 1])] as [string, number]] : []))

/** One that a newer server wrote must not keep what happened from the others. */
function readable(record: string): WebhookRecord[] {
  const parsed = WebhookRecord.safeParse(JSON.parse(record))
  return parsed.success ? [parsed.data] : []
}

function knownId(value: string, idempotency: Idempotency | null): string {
  const known = JSON.parse(value) as { id: string; bodySha256: string }
  if (known.bodySha256 !== idempotency?.bodySha256)
    throw new OrchestratorError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request')
  return known.id
}
