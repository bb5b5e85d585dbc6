// Server-sent events as an async generator of frames: Fastify streams it with back-pressure and ends it with the client.
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProblemError } from './problems.ts'

/** Proxies cut what is silent for long; 15 s is under the shortest default seen (30 s). */
export const HEARTBEAT_MS = 15_000

export const frame = ({ data, ...rest }: { id?: string; event: string; data: unknown }): string =>
  frameOfJson({ ...rest, json: JSON.stringify(data) })

/** @param json of one line, as JSON.stringify makes it */
export function frameOfJson({ id, event, json }: { id?: string; event: string; json: string }): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`
}

/** A client that takes nothing for so long is dropped: it comes back to where it was. */
const STALLED_MS = 60_000

export interface EventStreams {
  /** @throws ProblemError too-many-streams */
  open(
    request: FastifyRequest,
    reply: FastifyReply,
    frames: (signal: AbortSignal) => AsyncIterable<string>,
  ): FastifyReply
  /** Ends all, so that the server can stop. */
  closeAll(): void
}

export function createEventStreams(most: number, stalled = STALLED_MS): EventStreams {
  const open = new Set<AbortController>()
  return {
    open(request, reply, frames) {
      if (open.size >= most)
        throw new ProblemError('too-many-streams', `${most} streams are open; close one and try again.`)
      const controller = new AbortController()
      open.add(controller)
      const close = (): void => {
        open.delete(controller)
        controller.abort()
      }
      request.raw.once('close', () => request.raw.destroyed && close())
      reply.raw.once('close', close)
      const drop = (): void => {
        request.log.info({ stalledMs: stalled }, 'an event stream was dropped: its client takes nothing')
        close()
        reply.raw.destroy()
      }
      const body = Readable.from(unlessStalled(frames(controller.signal), stalled, drop), {
        objectMode: false,
        encoding: 'utf8',
      })
      body.once('error', error => request.log.debug({ err: error }, 'an event stream ended early'))
      return reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(body)
    },
    closeAll() {
      for (const controller of open) controller.abort()
    },
  }
}

/** The generator is asked for more only when the client has taken what there was (back-pressure of the stream). */
async function* unlessStalled(
  frames: AsyncIterable<string>,
  limitMs: number,
  drop: () => void,
): AsyncGenerator<string> {
  for await (const one of frames) {
    const timer = setTimeout(drop, limitMs)
    timer.unref()
    try {
      yield one
    } finally {
      clearTimeout(timer)
    }
  }
}
