// RFC 9457 problem details: the one shape of every error answer.
import { z } from 'zod'
import { JobCompatibility, Suggestion } from './compatibility.ts'

export const Finding = z
  .strictObject({
    /** JSON pointer into the request body, or `?name` for a query parameter. */
    pointer: z.string(),
    detail: z.string(),
    required: z.string().optional(),
    found: z.string().optional(),
    hint: z.string().optional(),
    source: z.string().optional(),
  })
  .meta({ id: 'Finding' })
export type Finding = z.infer<typeof Finding>

export const Problem = z
  .strictObject({
    type: z.string(),
    status: z.int(),
    code: z.string(),
    title: z.string(),
    detail: z.string(),
    /** The request's id, as in the server's log. */
    instance: z.string(),
    findings: z.array(Finding).optional(),
    /** Of a refused job, where it could be judged: what was found, whatever else kept it out. */
    compatibility: JobCompatibility.optional(),
    /** What would run instead, nearest first. */
    nearest: z.array(Suggestion).optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof Problem>
