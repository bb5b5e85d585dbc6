// Bodies that bring a whole lock: the desk parses them and reads the lock, so that no request waits for another's (solving/lock-desk.ts).
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { LockRead, OpenedRequest } from '../solving/lock-work.ts'
import { ProblemError } from './problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the body's lock was read to; null: it has none. */
    lockRead: LockRead | null
  }
}

/** Of a scope of its own: only there bodies are read in this way, and may be so large. */
export function readLocksOfBodies(
  scope: FastifyInstance,
  bodyLimit: number,
  open: (body: Buffer) => Promise<OpenedRequest>,
): void {
  scope.decorateRequest('lockRead', null)
  scope.removeContentTypeParser('application/json')
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit },
    async (request: FastifyRequest, body: Buffer) => {
      if (body.length === 0) throw new ProblemError('invalid-request', 'The body is empty.')
      const opened = await open(body)
      if (!opened.json) throw new ProblemError('invalid-request', opened.why)
      if (opened.rest === null) throw new ProblemError('body-too-large', 'Only the lock may be that long.')
      request.lockRead = opened.lock
      return opened.rest
    },
  )
}
