// Webhooks: who is told of what happens to jobs, by which message, and what became of each. The headers and the signature are those of
// Standard Webhooks: webhook-id, webhook-timestamp, and webhook-signature over `id.timestamp.body`.
import { z } from 'zod'
import { NonFinite } from './epoch.ts'
import { FailureReason } from './failure.ts'
import { JobState } from './job.ts'
import { ClusterName, JobId, JobName, LabelKey, LabelValue, OwnerId, Timestamp } from './names.ts'
import { MAX_LABELS } from './request.ts'

export const WebhookId = z
  .string()
  .regex(/^wh[0-9a-hjkmnp-tv-z]{12}$/, 'is not the id of a webhook (wh and 12 characters, a-z and 0-9)')
/** Of one message: the same in every try, so that a receiver knows what it has had. */
export const DeliveryId = z.string().regex(/^msg_[0-9a-hjkmnp-tv-z]{24}$/, 'is not the id of a delivery')

export const WEBHOOK_EVENTS = [
  'failed',
  /** It waits for a person's decision. */
  'held',
  /** Completed after more than ten minutes on its nodes, all its runs together. */
  'completed-long',
  /** Completed, however soon. */
  'completed',
  'cancelled',
  /** A node works for it: once for each run. */
  'started',
] as const
export const WebhookEvent = z.enum(WEBHOOK_EVENTS)
export type WebhookEvent = z.infer<typeof WebhookEvent>

/** What somebody is told who chose nothing: what they would come and look for. */
export const DEFAULT_WEBHOOK_EVENTS = ['failed', 'held', 'completed-long'] as const satisfies readonly WebhookEvent[]

/** Past which a completed job counts as `completed-long`. */
export const LONG_RUN_SECONDS = 600

/** json: WebhookMessage. slack: `{"text": …}`, which Mattermost, Rocket.Chat and Google Chat take too. text: plain, as ntfy shows it. */
export const WEBHOOK_FORMATS = ['json', 'slack', 'text'] as const
export const WebhookFormat = z.enum(WEBHOOK_FORMATS)
export type WebhookFormat = z.infer<typeof WebhookFormat>

/** Of Standard Webhooks: 24 to 64 bytes in base64, behind `whsec_`. */
export const WebhookSecret = z
  .string()
  .max(96)
  .regex(
    /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
    'is not a secret: write whsec_ and 24 to 64 bytes in base64',
  )
  .refine(text => [24, 64].every((edge, i) => (i === 0 ? secretBytes(text) >= edge : secretBytes(text) <= edge)), {
    message: 'is not a secret: it has to have 24 to 64 bytes',
  })
const secretBytes = (text: string): number => {
  const base64 = text.slice('whsec_'.length)
  return (base64.length / 4) * 3 - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0)
}

/** Which hosts may be told, and whether without TLS, is the operator's to say: `webhooks` in the configuration. */
export const WebhookUrl = z
  .string()
  .max(2000)
  .regex(
    /^https?:\/\/[^\s/?#@]+(?:[/?][^\s#]*)?$/,
    'is not an http or https address without user, password and fragment',
  )

/** POST /v1/webhooks. Of several conditions all have to hold. */
export const WebhookRequest = z
  .strictObject({
    url: WebhookUrl,
    /** What people call it. */
    name: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[^\p{Cc}]*$/u, 'has a control character')
      .optional(),
    events: z
      .array(WebhookEvent)
      .min(1)
      .max(WEBHOOK_EVENTS.length)
      .default([...DEFAULT_WEBHOOK_EVENTS]),
    /** Jobs that have all of these. */
    labels: z
      .record(LabelKey, LabelValue)
      .refine(labels => Object.keys(labels).length <= MAX_LABELS, { message: `has more than ${MAX_LABELS} labels` })
      .default({}),
    /** That job only. */
    job: JobId.optional(),
    /** Jobs of all owners: for operators. */
    everyone: z.boolean().default(false),
    format: WebhookFormat.default('json'),
    /** One's own; absent: the server makes one, and shows it once. */
    secret: WebhookSecret.optional(),
  })
  .meta({ id: 'WebhookRequest' })
export type WebhookRequest = z.infer<typeof WebhookRequest>

/**
 * gone: the receiver answered 410. failing: nothing came through for as long as tries go on. forbidden: its owner may not be told any more,
 * having no token, or none of an operator for the jobs of others.
 */
export const WEBHOOK_PARKED_REASONS = ['gone', 'failing', 'forbidden'] as const

export const Webhook = z
  .strictObject({
    id: WebhookId,
    name: z.string().nullable(),
    owner: OwnerId,
    url: z.string(),
    events: z.array(WebhookEvent),
    labels: z.record(LabelKey, LabelValue),
    job: JobId.nullable(),
    everyone: z.boolean(),
    format: WebhookFormat,
    createdAt: Timestamp,
    /** Parked it sends nothing until somebody resumes it; what happens meanwhile is counted into one message. */
    status: z.enum(['active', 'parked']),
    parked: z.strictObject({ since: Timestamp, reason: z.enum(WEBHOOK_PARKED_REASONS), why: z.string() }).nullable(),
    /** Tries that failed since the last one that did not. null: the last one went well, or there was none. */
    failing: z.strictObject({ since: Timestamp, tries: z.int().min(1), why: z.string() }).nullable(),
    lastDeliveredAt: Timestamp.nullable(),
    deliveries: z.strictObject({
      /** They are tried, or tried again, by themselves. */
      waiting: z.int().min(0),
      /** They are sent again when somebody resumes the webhook. */
      parked: z.int().min(0),
      /** Events that become one message together, because there were many. */
      collected: z.int().min(0),
    }),
  })
  .meta({ id: 'Webhook' })
export type Webhook = z.infer<typeof Webhook>

/** The answer to POST /v1/webhooks: the only one that has the secret. */
export const WebhookCreated = Webhook.extend({ secret: WebhookSecret }).meta({ id: 'WebhookCreated' })
export type WebhookCreated = z.infer<typeof WebhookCreated>

export const WebhookPage = z
  .strictObject({ items: z.array(Webhook), nextCursor: z.string().nullable() })
  .meta({ id: 'WebhookPage' })
export type WebhookPage = z.infer<typeof WebhookPage>

/** The `type` of a message. */
export const WEBHOOK_MESSAGES = [
  'job.failed',
  'job.held',
  'job.completed',
  'job.cancelled',
  'job.started',
  /** Many events in one. */
  'job.digest',
  'webhook.test',
] as const
export const WebhookMessageType = z.enum(WEBHOOK_MESSAGES)
export type WebhookMessageType = z.infer<typeof WebhookMessageType>

export const DELIVERY_STATUSES = [
  'waiting',
  'delivered',
  /** It is sent again when the webhook is resumed. */
  'parked',
  /** A test: it is tried once. */
  'failed',
] as const

export const WebhookTry = z.strictObject({
  at: Timestamp,
  /** null: no answer came. */
  status: z.int().min(100).max(999).nullable(),
  /** What went wrong, in a sentence; null: it was delivered. */
  why: z.string().nullable(),
  milliseconds: z.int().min(0),
})
export type WebhookTry = z.infer<typeof WebhookTry>

export const WebhookDelivery = z
  .strictObject({
    id: DeliveryId,
    type: WebhookMessageType,
    /** null: it is about many, or about none. */
    job: z.strictObject({ id: JobId, name: JobName }).nullable(),
    createdAt: Timestamp,
    status: z.enum(DELIVERY_STATUSES),
    tries: z.int().min(0),
    /** The newest, at most ten, oldest first. */
    lastTries: z.array(WebhookTry).max(10),
    /** When it is tried next; null: it is not. */
    nextAt: Timestamp.nullable(),
  })
  .meta({ id: 'WebhookDelivery' })
export type WebhookDelivery = z.infer<typeof WebhookDelivery>

/** Newest first. All that wait or are parked are there, and the last hundred that are done with. */
export const WebhookDeliveryPage = z
  .strictObject({ items: z.array(WebhookDelivery), nextCursor: z.string().nullable() })
  .meta({ id: 'WebhookDeliveryPage' })
export type WebhookDeliveryPage = z.infer<typeof WebhookDeliveryPage>

/** What a message says of a job. */
export const WebhookJob = z.strictObject({
  id: JobId,
  name: JobName,
  owner: OwnerId,
  cluster: ClusterName,
  partition: z.string(),
  labels: z.record(LabelKey, LabelValue),
  /** As it was when the message was written. */
  state: JobState,
  held: z.boolean(),
  failure: FailureReason.nullable(),
  /** Why it failed, is held or was cancelled; null: there is nothing to explain. */
  reason: z.string().nullable(),
  /** One thing to do; null: nothing is known to help, or nothing has to be done. */
  action: z.string().nullable(),
  epochs: z.int().min(0),
  ofEpochs: z.int().min(1),
  /** Of the last epoch. As in an Epoch: a value that is no number is null here and named in nonFinite. */
  values: z.record(z.string(), z.number().nullable()),
  nonFinite: z.record(z.string(), NonFinite),
  /** On its nodes, all runs together, without waiting. */
  ranSeconds: z.number().min(0),
  /** The last lines, at most ten, of a job that failed. */
  logTail: z.array(z.string()).max(10),
  url: z.string(),
})
export type WebhookJob = z.infer<typeof WebhookJob>

/** The body, in the format `json`. */
export const WebhookMessage = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.enum(['job.failed', 'job.held', 'job.completed', 'job.cancelled', 'job.started']),
      /** When it happened. */
      timestamp: Timestamp,
      /** text: the same for people, a few lines. */
      data: z.strictObject({ text: z.string(), job: WebhookJob }),
    }),
    z.strictObject({
      type: z.literal('job.digest'),
      timestamp: Timestamp,
      data: z.strictObject({
        text: z.string(),
        from: Timestamp,
        until: Timestamp,
        counts: z.partialRecord(WebhookMessageType, z.int().min(1)),
        /** The first of them, at most ten. */
        first: z
          .array(
            z.strictObject({
              type: WebhookMessageType,
              timestamp: Timestamp,
              id: JobId,
              name: JobName,
              reason: z.string().nullable(),
              url: z.string(),
            }),
          )
          .max(10),
        url: z.string(),
      }),
    }),
    z.strictObject({
      type: z.literal('webhook.test'),
      timestamp: Timestamp,
      data: z.strictObject({ text: z.string(), webhook: WebhookId, url: z.string() }),
    }),
  ])
  .meta({ id: 'WebhookMessage' })
export type WebhookMessage = z.infer<typeof WebhookMessage>
