// /v1/jobs/{id}/events and /epochs: what happened and what was trained, as pages or live with exact resume.
import { EpochPage } from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { followJob } from '../streams/job-events.ts'
import { patiently } from '../streams/patiently.ts'
import { authorize } from './auth.ts'
import { frame, frameOfJson, HEARTBEAT_MS } from './event-stream.ts'
import { JobParams, NoQuery, ResumeHeaders, wantsEvents } from './parameters.ts'
import type { Services } from './services.ts'

const EPOCHS_PAGE = 1_000

/** Each may lie in another chunk of a sealed job. */
const MOST_SPREAD = 100

const EpochsQuery = z.strictObject({
  /** Epochs after this one (counted from 0); -1: from the first. */
  after: z.coerce.number().int().min(-1).default(-1),
  limit: z.coerce.number().int().min(1).max(EPOCHS_PAGE).default(EPOCHS_PAGE),
  /** In place of both: at most so many, evenly over all there are, the newest among them. Of pages only. */
  spread: z.coerce.number().int().min(2).max(MOST_SPREAD).optional(),
})

export const jobStreamRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { jobs, epochs, changes, streams } = services

    app.get(
      '/v1/jobs/:id/events',
      {
        schema: {
          summary: 'Follow a job (server-sent events)',
          tags: ['jobs'],
          params: JobParams,
          headers: ResumeHeaders,
          querystring: NoQuery,
        },
      },
      async (request, reply) => {
        const { id } = request.params
        authorize(request.principal, 'read', await jobs.read(id))
        const after = Number(request.headers['last-event-id'] ?? 0)
        return streams.open(request, reply, async function* (signal) {
          yield* withHeartbeat(followJob(jobs, changes, id, after, signal), ({ seq, event }) => [
            frame({ id: String(seq), event: event.type, data: event }),
          ])
        })
      },
    )

    app.get(
      '/v1/jobs/:id/epochs',
      {
        schema: {
          summary: 'Epochs so far; as server-sent events, live',
          tags: ['jobs'],
          params: JobParams,
          headers: ResumeHeaders,
          querystring: EpochsQuery,
          response: { 200: EpochPage },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        const job = await jobs.read(id)
        authorize(request.principal, 'read', job)
        const { after, limit, spread } = request.query
        if (!wantsEvents(request.headers)) {
          if (spread !== undefined) {
            const { last } = await epochs.progress(job)
            return { items: last === null ? [] : await epochs.readSpread(id, last.epoch, spread), next: null }
          }
          const items = await epochs.read(id, after, limit)
          // Not by the page's length: an epoch that is missing in the middle must not look like the end.
          const { last } = await epochs.progress(job)
          return { items, next: last !== null && last.epoch > after + limit ? after + limit : null }
        }
        const seq = Number(request.headers['last-event-id'] ?? 0)
        return streams.open(request, reply, async function* (signal) {
          const readTexts = (after: number, limit: number): Promise<string[]> =>
            patiently(() => epochs.readTexts(id, after, limit), signal)
          yield ': following\n\n'
          // Resume by event id where there is one; by epoch number (`after`) on the first visit.
          for await (const followed of followJob(jobs, changes, id, seq, signal)) {
            if ('idle' in followed) yield ': \n\n'
            else if (followed.event.type === 'reset') {
              // The events of these epochs are gone; the epochs are not.
              const newest = (await patiently(() => epochs.progress(job), signal)).last?.epoch ?? -1
              for (let from = after; from < newest; from += EPOCHS_PAGE) {
                yield* framesOf(followed.seq, await readTexts(from, EPOCHS_PAGE))
              }
            } else if (followed.event.type === 'epochs') {
              const { first, last } = followed.event
              const from = Math.max(first, after + 1)
              yield* framesOf(followed.seq, await readTexts(from - 1, last.epoch - from + 1))
              // A job may have much to say and no epoch for long: silence would be taken for a lost connection.
            } else yield ': \n\n'
          }
        })

        function* framesOf(seq: number, epochTexts: readonly string[]): Generator<string> {
          if (epochTexts.length === 0) return
          yield frameOfJson({ id: String(seq), event: 'epochs', json: `{"items":[${epochTexts.join(',')}]}` })
        }
      },
    )
  }

/** Frames for what is followed, and a comment at least every 15 s. */
async function* withHeartbeat(
  followed: ReturnType<typeof followJob>,
  framesOf: (numbered: Extract<Awaited<ReturnType<typeof followed.next>>['value'], { seq: number }>) => string[],
): AsyncGenerator<string> {
  let silentSinceMs = Date.now()
  yield ': following\n\n'
  for await (const item of followed) {
    if ('idle' in item) {
      if (Date.now() - silentSinceMs < HEARTBEAT_MS) continue
      yield ': still here\n\n'
    } else yield* framesOf(item)
    silentSinceMs = Date.now()
  }
}
