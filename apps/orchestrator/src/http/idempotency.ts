// Idempotency-Key: the same key and body get the same job, however often and however soon it is sent again.
import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Principal } from '../lifecycle/accept.ts'
import type { Idempotency } from '../store/job-store.ts'

export const IdempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'is not 1 to 255 printable characters')
    .optional(),
})

const sha256 = (text: string): string => hash('sha256', text)

/** @param subject what the request is about, such as its route and parsed body: another subject under the same key is refused */
export function idempotencyOf(
  headers: z.infer<typeof IdempotencyHeaders>,
  principal: Principal,
  subject: unknown,
): Idempotency | null {
  const key = headers['idempotency-key']
  if (key === undefined) return null
  return { owner: principal.owner.id, keySha256: sha256(key), bodySha256: sha256(JSON.stringify(subject)) }
}
