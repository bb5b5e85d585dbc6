// One line of the log for each request, when it is over; that one began is told at debug.
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'requestId' })
  }

  override incomingRequest(request: FastifyRequest): void {
    request.log.debug({ req: request }, 'incoming request')
  }

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const about = { req: request, res: reply, responseTime: reply.elapsedTime }
    if (error) reply.log.error({ ...about, err: error }, 'request errored')
    else reply.log.info(about, 'request completed')
  }
}

/** Fastify's `onRequestAbort`: an answer that nobody waits for any more may never be over. */
export const logAborted = async (request: FastifyRequest): Promise<void> =>
  request.log.info({ req: request }, 'request aborted')
