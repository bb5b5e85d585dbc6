// /v1/compatibility: does this software run on that hardware, what is the newest that does, and the tables behind the answers; and what
// a job was judged by.
// Answered from the matrix and the store; nothing here waits for a cluster.
import {
  CompatibilityCheck,
  CompatibilityReport,
  JobCompatibilityReport,
  SuggestAnswer,
  SuggestRequest,
} from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { reportShown } from '../lifecycle/job-report.ts'
import { authorize } from './auth.ts'
import { checkOn, newestOn, placeNamed } from './compatibility-place.ts'
import { IdempotencyHeaders, idempotencyOf } from './idempotency.ts'
import { JobParams, NoQuery } from './parameters.ts'
import type { Services } from './services.ts'

/** As it lies in its file; conda/README.md tells what the tables hold. */
const Matrix = z.looseObject({}).meta({ id: 'CompatibilityMatrix' })
const MatrixHeaders = z.object({ 'if-none-match': z.string().max(1000).optional() })

export const compatibilityRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { compatibility, jobs, answers, storeTime } = services
    const { text, sha256 } = compatibility.document
    const etag = `"${sha256}"`

    app.post(
      '/v1/compatibility/check',
      {
        schema: {
          summary: 'Would this software run there? The hardware is named, or is a partition of a cluster',
          tags: ['compatibility'],
          headers: IdempotencyHeaders,
          querystring: NoQuery,
          body: CompatibilityCheck,
          response: { 200: CompatibilityReport },
        },
      },
      async (request, reply) => {
        const { cluster, partition, gpuType, ...asked } = request.body
        const idempotency = idempotencyOf(request.headers, request.principal, ['POST check', request.body])
        const { answer, replayed } = await answers.once(idempotency, async () => {
          const place = await placeNamed(services, { cluster, partition, gpuType }, asked)
          return checkOn(place, asked, compatibility, services.now())
        })
        if (replayed) reply.header('idempotency-replayed', 'true')
        return answer
      },
    )

    app.post(
      '/v1/compatibility/suggest',
      {
        schema: {
          summary: 'The newest releases of each framework that run there',
          tags: ['compatibility'],
          headers: IdempotencyHeaders,
          querystring: NoQuery,
          body: SuggestRequest,
          response: { 200: SuggestAnswer },
        },
      },
      async (request, reply) => {
        const { cluster, partition, gpuType, ...asked } = request.body
        const idempotency = idempotencyOf(request.headers, request.principal, ['POST suggest', request.body])
        const { answer, replayed } = await answers.once(idempotency, async () => {
          const place = await placeNamed(services, { cluster, partition, gpuType }, asked)
          return newestOn(place, asked, compatibility)
        })
        if (replayed) reply.header('idempotency-replayed', 'true')
        return answer
      },
    )

    app.get(
      '/v1/compatibility/matrix',
      {
        schema: {
          summary: 'The tables that decide, each row with its source',
          tags: ['compatibility'],
          headers: MatrixHeaders,
          querystring: NoQuery,
          response: { 200: Matrix, 304: z.null().describe('Not changed since that ETag') },
        },
      },
      async (request, reply) => {
        reply.header('etag', etag).header('cache-control', 'private, no-cache')
        if (known(request.headers['if-none-match'], etag)) return reply.code(304).send(null)
        return reply
          .type('application/json; charset=utf-8')
          .serializer((body: unknown) => String(body))
          .send(text as never)
      },
    )

    app.get(
      '/v1/jobs/:id/compatibility',
      {
        schema: {
          summary: 'What the job was judged by when it was accepted',
          tags: ['jobs', 'compatibility'],
          params: JobParams,
          querystring: NoQuery,
          response: { 200: JobCompatibilityReport },
        },
      },
      async request => {
        const { id } = request.params
        const ask = storeTime()
        const job = await ask(() => jobs.read(id))
        authorize(request.principal, 'read', job)
        return reportShown(job, await ask(() => jobs.reportOf(id)))
      },
    )
  }

/** RFC 9110, 13.1.2: a list of tags, weak ones too, or a star. */
const known = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some(tag => ['*', etag].includes(tag.trim().replace(/^W\//, '')))
