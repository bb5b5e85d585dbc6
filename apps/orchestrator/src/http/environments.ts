// /v1/environments: asked for by a spec or a lock, listed, shown, given out in the forms of other tools, compared. Answered from the
// store and by the solver; nothing here waits for a cluster.
import {
  Environment,
  EnvironmentDiff,
  EnvironmentHistory,
  EnvironmentMade,
  EnvironmentName,
  EnvironmentPage,
  EnvironmentRequest,
} from '@trotline/contracts'
import { LOCK_FORMATS, type LockFormat } from '@trotline/environment'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { OrchestratorError } from '../errors.ts'
import type { EnvironmentRecord } from '../store/environments.ts'
import { madeJson, prepared } from './environment-create.ts'
import { Cursor, DiffParams, EnvironmentParams, NameParams } from './environment-parameters.ts'
import { solveFrames } from './environment-progress.ts'
import { viewOf, viewsOf } from './environment-view.ts'
import { goneSignal } from './gone-signal.ts'
import { IdempotencyHeaders, idempotencyOf } from './idempotency.ts'
import { readLocksOfBodies } from './lock-body.ts'
import { NoQuery, wantsEvents } from './parameters.ts'
import { baseUrlOf, problemAnswer } from './problem-answer.ts'
import type { Services } from './services.ts'

/** A lock has up to 8 MiB of text, which JSON makes longer. */
const MOST_BODY_BYTES = 12 * 1_048_576

const CreateHeaders = IdempotencyHeaders.extend({ accept: z.string().optional() })
const LockQuery = z.strictObject({ format: z.enum(LOCK_FORMATS).default('trotline') })

/** Names that other tools know files by: micromamba reads conda-lock's form only from a name that ends so. */
const FILES: Record<LockFormat, { ending: string; type: string }> = {
  trotline: { ending: 'lock.json', type: 'application/json; charset=utf-8' },
  explicit: { ending: 'explicit.txt', type: 'text/plain; charset=utf-8' },
  'conda-lock': { ending: 'conda-lock.yml', type: 'application/yaml; charset=utf-8' },
  pixi: { ending: 'pixi.lock', type: 'application/yaml; charset=utf-8' },
}

export const environmentRoutes =
  (services: Services): FastifyPluginAsyncZod =>
  async app => {
    const { environments, resolver, lockDesk, streams, settings } = services
    const baseUrl = baseUrlOf(settings)
    const ListQuery = z.strictObject({
      /** Those that had this name, by its versions. */
      name: EnvironmentName.optional(),
      limit: z.coerce.number().int().min(1).max(settings.limits.listPage).default(50),
      cursor: Cursor.optional(),
    })

    // A scope of its own: only here a body is read by the desk, and may be as large as a lock.
    await app.register(async scope => {
      readLocksOfBodies(scope, MOST_BODY_BYTES, lockDesk.open)
      ;(scope as typeof app).post(
        '/v1/environments',
        {
          bodyLimit: MOST_BODY_BYTES,
          schema: {
            summary: 'Solve a spec, or keep a lock; as server-sent events, with progress',
            tags: ['environments'],
            headers: CreateHeaders,
            querystring: NoQuery,
            body: EnvironmentRequest,
            response: { 201: EnvironmentMade },
          },
        },
        async (request, reply) => {
          const { principal, body, lockRead: lock } = request
          const subject = ['POST /v1/environments', body, lock?.ok ? lock.lock.id : null]
          const idempotency = idempotencyOf(request.headers, principal, subject)
          const create = await prepared({ services, body, lock, principal, idempotency })
          if (wantsEvents(request.headers)) {
            const problemOf = (error: unknown) => problemAnswer(error, request, baseUrl)
            return streams.open(request, reply, signal => solveFrames(create, problemOf, signal))
          }
          const made = await create({ signal: goneSignal(reply) })
          if (made.replayed) reply.header('idempotency-replayed', 'true')
          request.log.info({ environment: made.shown.id, created: made.shown.created }, 'environment kept')
          return reply
            .code(201)
            .header('location', `/v1/environments/${made.shown.id}`)
            .type('application/json; charset=utf-8')
            .serializer((text: unknown) => String(text))
            .send(madeJson(made) as never)
        },
      )
    })

    app.get(
      '/v1/environments',
      {
        schema: {
          summary: 'List environments, newest first',
          tags: ['environments'],
          querystring: ListQuery,
          response: { 200: EnvironmentPage },
        },
      },
      async request => {
        const { name, limit, cursor = null } = request.query
        const { ids, nextCursor } =
          name === undefined ? await environments.list(limit, cursor) : await namedPage(name, limit, cursor)
        const records = (await environments.records(ids)).filter(record => record !== null)
        return { items: await viewsOf(records, services), nextCursor }
      },
    )

    app.get(
      '/v1/environments/names/:name',
      {
        schema: {
          summary: 'The versions of a name',
          tags: ['environments'],
          params: NameParams,
          querystring: NoQuery,
          response: { 200: EnvironmentHistory },
        },
      },
      async request => historyOf(request.params.name),
    )

    app.get(
      '/v1/environments/:id',
      {
        schema: {
          summary: 'Show an environment, and where it is made',
          tags: ['environments'],
          params: EnvironmentParams,
          querystring: NoQuery,
          response: { 200: Environment },
        },
      },
      async request => viewOf(await recordOf(request.params.id), services),
    )

    app.get(
      '/v1/environments/:id/lock',
      {
        schema: {
          summary: 'Its lock, in the form of one of the tools',
          tags: ['environments'],
          params: EnvironmentParams,
          querystring: LockQuery,
        },
      },
      async (request, reply) => {
        const { format } = request.query
        const { summary } = await resolver.kept(request.params.id)
        const { text, lacks } = await lockDesk.write(summary, format)
        const { ending, type } = FILES[format]
        return reply
          .type(type)
          .header('trotline-lock', summary.id)
          .header('trotline-lock-lacks', asciiJson(lacks))
          .header('content-disposition', `attachment; filename="${summary.id.slice(0, 12)}-${ending}"`)
          .header('x-content-type-options', 'nosniff')
          .send(text)
      },
    )

    app.get(
      '/v1/environments/:id/diff/:other',
      {
        schema: {
          summary: 'What changed from one environment to another, in words',
          tags: ['environments'],
          params: DiffParams,
          querystring: NoQuery,
          response: { 200: EnvironmentDiff },
        },
      },
      async request => {
        const { id, other } = request.params
        const [from, to] = await Promise.all([resolver.kept(id), resolver.kept(other)])
        return lockDesk.diff(from.summary, to.summary)
      },
    )

    async function recordOf(reference: string): Promise<EnvironmentRecord> {
      const { id } = await resolver.find(reference)
      const record = await environments.record(id)
      if (record !== null) return record
      throw new OrchestratorError('ENVIRONMENT_NOT_FOUND', `There is no environment ${reference}.`)
    }

    async function historyOf(name: string): Promise<EnvironmentHistory> {
      const history = await environments.history(name)
      if (history !== null) return history
      throw new OrchestratorError('ENVIRONMENT_NOT_FOUND', `There is no environment named ${name}.`)
    }

    async function namedPage(name: string, limit: number, cursor: string | null) {
      const { versions } = await historyOf(name)
      const ids = [...new Set(versions.map(({ lock }) => lock))]
      const from = cursor === null ? 0 : ids.indexOf(cursor) + 1
      const page = ids.slice(from, from + limit)
      return { ids: page, nextCursor: from + limit < ids.length ? (page.at(-1) ?? null) : null }
    }
  }

/** Headers are Latin-1. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
