// The one process that tells webhooks. It takes what happened out of the outbox, writes a message for each webhook that asked for it, and
// sends what is due. All that it knows stands in the store: whoever holds the lease next goes on where it stopped, with the same ids.
//
//   outbox -> messages    one step of the store: the entry goes as its messages come, so none is lost and none made twice
//   due -> claimed        durably, before it is sent: should its sender die, it comes again after CLAIM_MS with the same webhook-id
//   answer -> settled     delivered, tried again later, or parked
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '@trotline/contracts'
import type { Logger } from 'pino'
import type { WebhookSettings } from '../config.ts'
import { isCoded } from '../errors.ts'
import type { Lease } from '../store/lease.ts'
import { RENEW_EVERY_MS } from '../store/lease.ts'
import type { ToldEvent } from '../store/told-events.ts'
import type { Addressed, Claim, Due, OutboxEntry, WebhookQueue } from '../store/webhook-queue.ts'
import type { WebhookRecord } from '../store/webhook-record.ts'
import type { WebhookStore } from '../store/webhooks.ts'
import { messageIdOf } from './ids.ts'
import {
  CONTENT_TYPE,
  type DigestLine,
  digestLine,
  digestMessage,
  isAskedFor,
  isInScope,
  jobMessage,
  ranSecondsOf,
  written,
} from './message.ts'
import { post as postOnce } from './post.ts'
import { createRate } from './rate.ts'
import { signedHeaders } from './signature.ts'
import { unheard, verdictOf } from './verdict.ts'

/** No cluster can have this name. */
export const WEBHOOK_LEASE = '-webhooks'

/** More than five messages within ten minutes become one. */
export const WINDOW_MS = 600_000
export const MOST_IN_WINDOW = 5
/** Of one owner, so that receivers that hang keep only their owner waiting. */
export const SENDS_PER_OWNER = 2
/**
 * Of webhooks that did not take what they were told last, and of those that have never taken anything, of an owner and of all: however many
 * receivers hang, those that answer find room.
 */
export const unprovenOf = (most: number): number => Math.max(1, Math.floor(most / 2))
/** Well past the longest try and past the lease of whoever made it. */
export const CLAIM_MS = 90_000

const LOOK_EVERY_MS = 500
const ENTRIES_AT_ONCE = 100
/** Some megabytes at most, where each is told to fifty. */
const TAKEN_TOGETHER = 10
const WEBHOOKS_AT_ONCE = 100

export const SENDER_CRASH_POINTS = ['taken:before', 'taken:after', 'claimed', 'sent'] as const
export type SenderCrashPoint = (typeof SENDER_CRASH_POINTS)[number]

export interface SenderParts {
  store: Pick<WebhookStore, 'listening'>
  queue: WebhookQueue
  lease: Lease
  jobs: { view(id: string): Promise<Job> }
  settings: WebhookSettings
  /** Who may be told, by their tokens of now: whose token is gone hears nothing more. */
  voices: { owners: ReadonlySet<string>; operators: ReadonlySet<string> }
  /** Where people reach the server, without a slash at its end. */
  pages: string
  now(): Date
  log: Logger
  post?: typeof postOnce
  /** 0 to 1. */
  random?: () => number
  /** Only a test passes one. */
  crash?: (point: SenderCrashPoint) => void
}

export interface Sender {
  start(): void
  stop(): Promise<void>
  /** One look: all that is in the outbox and due now. False: another process sends. For tests, and for the loop. */
  look(): Promise<boolean>
}

export function createSender(parts: SenderParts): Sender {
  const { store, queue, lease, jobs, settings, voices, pages, now, log } = parts
  const { post = postOnce, random = Math.random, crash = () => {} } = parts
  const stopping = new AbortController()
  const rate = createRate(settings.sendsPerMinute)
  /** Webhooks to which something is on its way. */
  const busy = new Map<string, Due & { done: Promise<void> }>()
  let heldAtMs = Number.NEGATIVE_INFINITY
  let loop: Promise<void> | null = null

  async function isMine(): Promise<boolean> {
    if (performance.now() - heldAtMs < RENEW_EVERY_MS) return lease.value !== null
    heldAtMs = performance.now()
    return lease.hold()
  }

  /** False: nothing more is there, or is ours to take. */
  async function takeSome(): Promise<boolean> {
    const entries = await queue.outbox(ENTRIES_AT_ONCE)
    const isFull = entries.length === ENTRIES_AT_ONCE
    if (isFull && (await queue.isOutboxFull()))
      log.error('more has happened than the outbox of webhooks keeps: the oldest of it is told to nobody')
    for (let from = 0; from < entries.length; from += TAKEN_TOGETHER) {
      if (stopping.signal.aborted || !(await isMine())) return false
      await take(entries.slice(from, from + TAKEN_TOGETHER))
    }
    return isFull
  }

  /** Each is one step of the store, in the order in which they happened; the store makes them durable together. */
  async function take(entries: readonly OutboxEntry[]): Promise<void> {
    const messages = await Promise.all(entries.map(({ entry, told }) => (told === null ? [] : addressed(entry, told))))
    await Promise.all(
      entries.map(async ({ entry, told }, i) => {
        if (told === null) log.error({ entry }, 'an entry for webhooks cannot be read and is dropped')
        crash('taken:before')
        await queue.take(entry, messages[i] ?? [], now().getTime())
        crash('taken:after')
      }),
    )
  }

  async function addressed(entry: string, told: ToldEvent): Promise<Addressed[]> {
    const listening = (await store.listening(told.owner)).filter(hears)
    // Most owners have none: the job is not even read.
    if (listening.length === 0) return []
    const job = await viewOrNone(told)
    if (job === null) return []
    try {
      return messagesFor(entry, told, job, listening)
    } catch (error) {
      // Nor would it be told at the next look: it must not keep what comes after it from others.
      log.error({ err: error, jobId: told.job }, 'no webhook is told of a job of which no message can be made')
      return []
    }
  }

  function messagesFor(entry: string, told: ToldEvent, job: Job, listening: readonly WebhookRecord[]): Addressed[] {
    const ranSeconds = ranSecondsOf(job)
    const message = jobMessage(job, told, pages)
    const createdAt = now().toISOString()
    return listening
      .filter(webhook => isInScope(webhook, job) && isAskedFor(webhook.events, told.happened, ranSeconds))
      .map(webhook => ({
        webhook: webhook.id,
        id: messageIdOf(webhook.id, entry),
        head: { type: message.type, job: { id: job.id, name: job.name }, createdAt },
        body: written(message, webhook.format),
        line: JSON.stringify(digestLine(message)),
      }))
  }

  const hears = ({ owner, everyone }: WebhookRecord): boolean =>
    (everyone ? voices.operators : voices.owners).has(owner)

  async function viewOrNone({ job }: ToldEvent): Promise<Job | null> {
    try {
      return await jobs.view(job)
    } catch (error) {
      if (!isCoded(error) || !['JOB_NOT_FOUND', 'STORE_RECORD_UNREADABLE'].includes(error.code)) throw error
      log.error({ err: error, jobId: job }, 'no webhook is told of a job that cannot be read')
      return null
    }
  }

  async function sendDue(): Promise<void> {
    for (let from = 0; ; from += WEBHOOKS_AT_ONCE) {
      const due = await queue.due(now().getTime(), from, WEBHOOKS_AT_ONCE)
      for (const one of due) {
        if (busy.size >= settings.sendsAtOnce || stopping.signal.aborted) return
        if (busy.has(one.id) || !hasRoom(one)) continue
        if (!rate.take(now().getTime())) return
        begin(one)
      }
      if (due.length < WEBHOOKS_AT_ONCE) return
    }
  }

  function hasRoom({ owner, answers }: Due): boolean {
    const all = [...busy.values()]
    const own = all.filter(one => one.owner === owner)
    if (own.length >= SENDS_PER_OWNER) return false
    const unproven = (some: typeof all): number => some.filter(one => !one.answers).length
    return answers || (unproven(own) < unprovenOf(SENDS_PER_OWNER) && unproven(all) < unprovenOf(settings.sendsAtOnce))
  }

  function begin(due: Due): void {
    const webhook = due.id
    const done = work(webhook)
      .catch(error => {
        // What was claimed comes again by itself.
        if (stopping.signal.aborted) return
        if (isCoded(error) && (error.transient || error.code === 'LEASE_LOST'))
          log.warn({ err: error, webhook }, 'a webhook waits')
        else log.error({ err: error, webhook }, 'a webhook could not be seen to')
      })
      .finally(() => busy.delete(webhook))
    busy.set(webhook, { ...due, done })
  }

  const allDone = (): Promise<unknown> => Promise.all([...busy.values()].map(({ done }) => done))

  async function work(webhook: string): Promise<void> {
    const claim = await queue.claim(webhook, now().getTime())
    if (claim.kind === 'digest') await flush(claim)
    if (claim.kind === 'send') await send(claim)
  }

  async function flush({ webhook, collected }: Extract<Claim, { kind: 'digest' }>): Promise<void> {
    const at = now().toISOString()
    const first = collected.first.flatMap(line => (JSON.parse(line) as DigestLine | null) ?? [])
    const message = digestMessage({ ...collected, first }, at, pages)
    const made = {
      id: messageIdOf(webhook.id, `digest ${collected.fromMs} ${collected.total}`),
      head: { type: message.type, job: null, createdAt: at },
      body: written(message, webhook.format),
    }
    // Where more has come meanwhile it is still due, and made anew at the next look.
    await queue.flush(webhook.id, collected.total, made, Date.parse(at))
  }

  async function send({ webhook, health, delivery, secret }: Extract<Claim, { kind: 'send' }>): Promise<void> {
    crash('claimed')
    // What waited from before. A test says nothing of anybody's jobs.
    if (!hears(webhook) && delivery.head.type !== 'webhook.test') {
      await queue.settle(webhook.id, delivery.id, unheard({ health, delivery, at: now().toISOString() }))
      log.warn({ webhook: webhook.id, reason: 'forbidden' }, 'webhook parked')
      return
    }
    const started = now()
    const startedMonotonic = performance.now()
    const answer = await post({
      url: webhook.url,
      headers: {
        'content-type': CONTENT_TYPE[webhook.format],
        ...signedHeaders(secret, delivery.id, started.getTime(), delivery.body),
      },
      body: delivery.body,
      timeLimitMs: settings.timeLimitSeconds * 1_000,
      rules: settings,
      signal: stopping.signal,
    })
    crash('sent')
    const startedMs = started.getTime()
    const endedMs = startedMs + (performance.now() - startedMonotonic)
    const settled = verdictOf({ answer, delivery, health, startedMs, endedMs, random: random() })
    await queue.settle(webhook.id, delivery.id, settled)
    // Neither the address, which may be a secret, nor what was said.
    const told = { webhook: webhook.id, message: delivery.id, status: answer.status, became: settled.status }
    if (settled.park !== null) log.warn({ ...told, reason: settled.park.reason }, 'webhook parked')
    else log.info(told, 'webhook told')
  }

  async function look(): Promise<boolean> {
    for (;;) {
      if (!(await isMine())) return false
      const isMore = await takeSome()
      await sendDue()
      if (!isMore || stopping.signal.aborted) return true
    }
  }

  return {
    look: async () => {
      const mine = await look()
      await allDone()
      return mine
    },
    start() {
      loop ??= (async () => {
        let said = ''
        while (!stopping.signal.aborted) {
          try {
            await look()
            said = ''
          } catch (error) {
            // A store that is away says so itself; what is new is told once.
            const code = isCoded(error) ? error.code : String(error)
            if (code !== said && code !== 'STORE_UNREACHABLE') log.error({ err: error }, 'webhooks wait')
            said = code
          }
          await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
        }
      })()
    },
    async stop() {
      stopping.abort(new Error('the server stops'))
      await loop
      await allDone()
      await lease.release()
    },
  }
}
