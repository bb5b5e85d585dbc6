// Server-sent events as an async generator of frames: Fastify streams it with back-pressure and ends it with the client.
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProblemError } from './problems.ts'

/** Proxies cut what is silent for long; 15 s is under the shortest default seen (30 s). */
export const HEARTBEAT_MS = 15_000

/** Of a frame. Bytes may be the same object in the frames of many clients, so that they are held once. */
export type Chunk = string | Uint8Array

export const frame = ({ data, ...rest }: { id?: string; event: string; data: unknown }): string =>
  frameOfJson({ ...rest, json: JSON.stringify(data) })

/** @param json of one line, as JSON.stringify makes it */
export function frameOfJson({ id, event, json }: { id?: string; event: string; json: string }): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`
}

/** Below this a copy is cheaper than a chunk of its own. */
const COPIED_BYTES = 16_384

/** @param member of the data, the last one, as JSON without what is around it (http/json-bytes.ts): made once for all clients */
export function* frameWith(
  { id, event, data }: { id: string; event: string; data: Record<string, unknown> },
  member: Uint8Array,
): Generator<Chunk> {
  const head = `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data).slice(0, -1)},`
  if (member.length <= COPIED_BYTES) {
    yield Buffer.concat([Buffer.from(head), member, END])
    return
  }
  yield head
  yield member
  yield END
}

const END = Buffer.from('}\n\n')

export interface EventStreams {
  /** @throws ProblemError too-many-streams */
  open(
    request: FastifyRequest,
    reply: FastifyReply,
    frames: (signal: AbortSignal) => AsyncIterable<Chunk>,
  ): FastifyReply
  /** Ends all, so that the server can stop. */
  closeAll(): void
  /** Open now. */
  readonly count: number
}

/** @param stalledMs a client that takes nothing for so long is dropped: it comes back to where it was */
export function createEventStreams(most: number, stalledMs: number): EventStreams {
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
      // Who went while the store was asked has closed already, and that is told once.
      if (reply.raw.destroyed) close()
      const drop = (): void => {
        request.log.info({ stalledMs }, 'an event stream was dropped: its client takes nothing')
        close()
        reply.raw.destroy()
      }
      const body = Readable.from(unlessStalled(frames(controller.signal), stalledMs, drop), { objectMode: false })
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
    get count() {
      return open.size
    },
  }
}

/** The generator is asked for more only when the client has taken what there was (back-pressure of the stream). */
async function* unlessStalled(frames: AsyncIterable<Chunk>, limitMs: number, drop: () => void): AsyncGenerator<Chunk> {
  for await (const one of frames) {
    const taken = afterAll(limitMs, drop)
    try {
      yield one
    } finally {
      taken()
    }
  }
}

const PARTS = 10

/**
 * Counts the time in parts, of which one that comes late is still one: a server that was itself held up for so long has not given its
 * clients that time, and on its way back it comes to its timers before it comes to what they took.
 */
function afterAll(limitMs: number, act: () => void): () => void {
  let left = PARTS
  const timer = setInterval(() => {
    left -= 1
    if (left > 0) return
    clearInterval(timer)
    act()
  }, limitMs / PARTS)
  timer.unref()
  return () => clearInterval(timer)
}
