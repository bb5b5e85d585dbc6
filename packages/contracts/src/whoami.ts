// Whose token it is, and what the server is: what `GET /v1/whoami` and `GET /readyz` answer.
import { z } from 'zod'
import { IdentityName, OwnerId } from './names.ts'

export const Whoami = z
  .strictObject({
    owner: z.strictObject({ id: OwnerId, name: z.string() }),
    /** user: sees and touches own jobs; an operator all. */
    role: z.enum(['user', 'operator']),
    /** Under which jobs are submitted on the clusters. */
    identity: IdentityName,
    /** Of the server. */
    version: z.string(),
  })
  .meta({ id: 'Whoami' })
export type Whoami = z.infer<typeof Whoami>

export const ReadinessCheck = z.strictObject({
  name: z.string(),
  ok: z.boolean(),
  code: z.string(),
  detail: z.string(),
  /** Of the store: past its ceiling it takes no more jobs. */
  memory: z.strictObject({ usedBytes: z.int(), ceilingBytes: z.int().nullable() }).optional(),
})

export const Readiness = z
  .strictObject({ ready: z.boolean(), checks: z.array(ReadinessCheck) })
  .meta({ id: 'Readiness' })
export type Readiness = z.infer<typeof Readiness>
