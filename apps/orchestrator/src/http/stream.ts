// GET /v1/stream: many topics over one connection, because a browser has six connections to a host and no more. Each event names its topic;
// its id says where the reader stands in all of them, so that whoever comes back with it misses nothing and gets nothing twice.
import { setTimeout as sleep } from 'node:timers/promises'
import { MOST_TOPICS, StreamTopic } from '@trotline/contracts'
import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isCoded } from '../errors.ts'
import { multiplex } from '../streams/multiplex.ts'
import { frame, frameWith } from './event-stream.ts'
import { repeated } from './parameters.ts'
import { baseUrlOf, problemAnswer } from './problem-answer.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'
import { cursorsOf, idOfCursors } from './stream-cursors.ts'
import { streamTopics, type TopicEvent } from './stream-topics.ts'

/** Readers take a silence of 15 s for a lost connection. */
const COMMENT_AFTER_MS = 9_000
const TICK_MS = 1_000
/** Between two tries of a topic whose store or cluster is away. */
const AGAIN_MS = [1_000, 10_000] as const

const StreamQuery = z.strictObject({ topic: z.array(StreamTopic).min(1).max(MOST_TOPICS) })
const StreamHeaders = z.object({
  accept: z.string().optional(),
  'last-event-id': z
    .string()
    .refine(text => cursorsOf(text) !== null, 'is not an event id of this stream')
    .optional(),
})

type Told = { topic: string } & TopicEvent

export const streamRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const openTopic = streamTopics(services)
    const baseUrl = baseUrlOf(services.settings)

    app.get(
      '/v1/stream',
      {
        preValidation: repeated('topic'),
        schema: {
          summary: 'Follow jobs, logs and clusters over one connection (server-sent events)',
          tags: ['jobs'],
          headers: StreamHeaders,
          querystring: StreamQuery,
        },
      },
      async (request, reply) => {
        const topics = [...new Set(request.query.topic)]
        const known = cursorsOf(request.headers['last-event-id'] ?? '') ?? new Map<string, string>()
        const cursors = new Map([...known].filter(([topic]) => topics.includes(topic)))
        return services.streams.open(request, reply, async function* (signal) {
          yield ': following\n\n'
          let silentSinceMs = performance.now()
          const told = topics.map(topic => follow(topic, cursors.get(topic) ?? null, request, signal))
          for await (const one of multiplex<Told | null>([...told, ticks(signal)])) {
            if (one !== null) {
              const { topic, name, data, cursor, member } = one
              if (cursor !== null) cursors.set(topic, cursor)
              const told = { id: idOfCursors(cursors), event: name, data: { topic, ...data } }
              if (member === undefined) yield frame(told)
              else yield* frameWith(told, member)
            } else if (performance.now() - silentSinceMs >= COMMENT_AFTER_MS) yield ': still here\n\n'
            else continue
            silentSinceMs = performance.now()
          }
        })
      },
    )

    /** Goes on where a passing trouble interrupts it; what is not passing ends this topic and no other. */
    async function* follow(
      topic: string,
      start: string | null,
      request: FastifyRequest,
      signal: AbortSignal,
    ): AsyncGenerator<Told> {
      let cursor = start
      let pauseMs: number = AGAIN_MS[0]
      for (;;) {
        try {
          for await (const event of openTopic(topic, cursor, request.principal, signal)) {
            cursor = event.cursor ?? cursor
            pauseMs = AGAIN_MS[0]
            yield { topic, ...event }
          }
          return
        } catch (error) {
          if (signal.aborted) return
          const passing = isCoded(error) && error.transient && !(error instanceof ProblemError)
          const { body: problem } = problemAnswer(error, request, baseUrl)
          yield { topic, name: passing ? 'problem' : 'gone', data: { problem }, cursor: null }
          if (!passing) return
        }
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
        pauseMs = Math.min(AGAIN_MS[1], pauseMs * 2)
      }
    }
  }

/** So that silence is noticed. Goes on until the reader has left: topics that are over do not end the stream. */
async function* ticks(signal: AbortSignal): AsyncGenerator<null> {
  while (!signal.aborted) {
    await sleep(TICK_MS, undefined, { signal }).catch(() => undefined)
    yield null
  }
}
