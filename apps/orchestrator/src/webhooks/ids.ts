// Ids and secrets of webhooks, and the ids of their messages.
import { createHash, randomBytes } from 'node:crypto'

/** Crockford's base 32, as job ids have it. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const letters = (bytes: Uint8Array, count: number): string =>
  Array.from(bytes.subarray(0, count), byte => ALPHABET[byte & 31]).join('')

export const newWebhookId = (): string => `wh${letters(randomBytes(12), 12)}`

/** 256 bits, as HMAC-SHA-256 can use. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`

/** The same for the same: what is made again after a crash is known again by whoever has had it. */
export const messageIdOf = (webhook: string, cause: string): string =>
  `msg_${letters(createHash('sha256').update(`${webhook} ${cause}`).digest(), 24)}`
