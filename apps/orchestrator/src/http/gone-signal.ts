// Has whoever asked gone? Work that is for them alone, such as a solve, is given up then.
import type { FastifyReply } from 'fastify'

type Answering = Pick<FastifyReply['raw'], 'once' | 'destroyed' | 'writableFinished'>

/** Aborted when the connection ends before the answer was sent whole. */
export function goneSignal({ raw }: { raw: Answering }): AbortSignal {
  const controller = new AbortController()
  // The request's own `close` comes as soon as its body was read.
  raw.once('close', gone)
  // They may have gone while a large body was read, and that is told once.
  if (raw.destroyed) gone()
  function gone(): void {
    if (!raw.writableFinished) controller.abort()
  }
  return controller.signal
}
