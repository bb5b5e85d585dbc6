// /v1/environments/{id}/clusters/{cluster}/log: the log of its making, bytes by range or followed until it is over, read where it lies.
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { buildLogFrames } from './environment-log-frames.ts'
import { OnClusterParams } from './environment-parameters.ts'
import { wantsEvents } from './parameters.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'

/** Last-Event-ID: the byte that a reader goes on from. */
const FollowHeaders = z.object({
  accept: z.string().optional(),
  'last-event-id': z
    .string()
    .regex(/^\d{1,15}$/, 'is not an event id of this stream')
    .optional(),
})

export const environmentLogRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { resolver, materialisations, owner, logFiles, streams, settings, clusters } = services
    const most = settings.limits.logWindowBytes
    const LogQuery = z.strictObject({
      offset: z.coerce.number().int().min(0).optional(),
      limit: z.coerce.number().int().min(1).max(most).default(most),
      /** The last so many bytes; not together with offset. */
      tail: z.coerce.number().int().min(1).max(most).optional(),
    })

    app.get(
      '/v1/environments/:id/clusters/:cluster/log',
      {
        schema: {
          summary: 'Bytes of the log of its making; as server-sent events, live',
          tags: ['environments'],
          params: OnClusterParams,
          headers: FollowHeaders,
          querystring: LogQuery,
        },
      },
      async (request, reply) => {
        const { offset, limit, tail } = request.query
        const { cluster } = request.params
        if (offset !== undefined && tail !== undefined) {
          throw new ProblemError('invalid-request', 'Give offset or tail, not both.', [
            { pointer: '?tail', detail: 'tail excludes offset' },
          ])
        }
        if (!clusters.some(({ name }) => name === cluster))
          throw new ProblemError('cluster-not-found', `There is no cluster "${cluster}" here.`)
        const { id } = await resolver.find(request.params.id)
        const place = await materialisations.logOf(cluster, id)
        const read = (from: number, lengthBytes: number) =>
          owner.readAt(cluster, { ...place, offset: from, lengthBytes })
        let from = offset ?? 0
        if (tail !== undefined) from = Math.max(0, ((await read(0, 0))?.sizeBytes ?? 0) - tail)
        if (wantsEvents(request.headers)) {
          const start = Number(request.headers['last-event-id'] ?? from)
          return streams.open(request, reply, signal => {
            const open = () => logFiles.open(`${cluster} ${place.identity} ${place.path}`, read)
            const stateOf = () => materialisations.stateOn(cluster, id)
            return buildLogFrames({ stateOf, open, start }, signal)
          })
        }
        const slice = await read(from, tail === undefined ? limit : Math.min(limit, tail))
        const bytes = Buffer.from(slice?.bytes ?? [])
        return reply
          .type('text/plain; charset=utf-8')
          .header('trotline-offset', from)
          .header('trotline-next-offset', from + bytes.length)
          .header('trotline-size', slice?.sizeBytes ?? 0)
          .header('x-content-type-options', 'nosniff')
          .send(bytes)
      },
    )
  }
