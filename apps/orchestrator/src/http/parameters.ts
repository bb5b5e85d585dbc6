// Parameters that several routes share.
import { JobId } from '@trotline/contracts'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'

export const JobParams = z.strictObject({ id: JobId })
/** For routes without query parameters: any is refused by name, as everywhere. */
export const NoQuery = z.strictObject({})

/** Last-Event-ID: the sequence number that a reader saw last; 0 or none: from the beginning. */
export const ResumeHeaders = z.object({
  accept: z.string().optional(),
  'last-event-id': z
    .string()
    .regex(/^\d{1,12}$/, 'is not an event id of this stream')
    .optional(),
})

export const wantsEvents = (headers: z.infer<typeof ResumeHeaders>): boolean =>
  headers.accept?.includes('text/event-stream') ?? false

/** A parameter that may be given more than once is a list also where it is given once. Before the query is validated. */
export const repeated =
  (name: string) =>
  async (request: FastifyRequest): Promise<void> => {
    const query = request.query as Record<string, unknown>
    if (typeof query[name] === 'string') query[name] = [query[name]]
  }
