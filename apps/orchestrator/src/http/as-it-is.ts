// Answers that are not held against their schema once more before they are sent: jobs, which come from the store as it made them, many a
// second. Checking one takes longer than all the rest of its answer; the tests hold what these routes say against their schemas.
import type { FastifyReply } from 'fastify'

/** For a route's `serializerCompiler`. */
export const asItIs =
  () =>
  (answer: unknown): string =>
    JSON.stringify(answer)

/** JSON already. */
export function sendText(reply: Pick<FastifyReply, 'header' | 'serializer' | 'send'>, text: string): FastifyReply {
  reply.header('content-type', 'application/json; charset=utf-8')
  reply.serializer((json: string) => json)
  return reply.send(text)
}
