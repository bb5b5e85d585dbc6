// Fastify with everything that all routes share: schemas, tokens, problems, OpenAPI, limits. Routes are registered by hand.
import { randomUUID } from 'node:crypto'
import swagger from '@fastify/swagger'
import { Problem } from '@trotline/contracts'
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import type { Principal } from '../lifecycle/accept.ts'
import { createAuthenticator } from './auth.ts'
import { clusterRoutes } from './clusters.ts'
import { compatibilityRoutes } from './compatibility.ts'
import { compileValidator, RequestMisfit } from './findings.ts'
import { healthRoutes } from './health.ts'
import { jobStreamRoutes } from './job-streams.ts'
import { jobRoutes } from './jobs.ts'
import { logRoutes } from './logs.ts'
import { PROBLEMS, type ProblemCode, ProblemError, problemBody, problemCodeOf } from './problems.ts'
import type { Services } from './services.ts'
import { whyRoutes } from './why.ts'

/**
 * A body past the limit is let run out, up to this size, and read by nobody: closing on a client that is still sending resets its
 * connection, and the answer is lost with it.
 */
const RUN_OUT_BYTES = 64 * 1_048_576

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. Set before any route below /v1 runs. */
    principal: Principal
  }
}

export async function buildServer(services: Services, log: Logger): Promise<FastifyInstance> {
  const { settings, streams } = services
  const app = Fastify({
    loggerInstance: log,
    bodyLimit: settings.limits.bodyBytes,
    genReqId: () => randomUUID().slice(0, 13),
    logController: new LogController({ requestIdLogLabel: 'requestId' }),
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 100 },
    frameworkErrors: (error, request, reply) => answerProblem(error, request, reply),
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(compileValidator)
  app.setSerializerCompiler(serializerCompiler)
  app.removeContentTypeParser('text/plain')
  app.decorateRequest('principal')
  app.addHook('onRequest', async (request, reply) => {
    reply.header('trotline-request-id', request.id)
  })
  app.addHook('preClose', async () => streams.closeAll())
  app.setErrorHandler((error: FastifyError, request, reply) => answerProblem(error, request, reply))
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, 'not-found', {
      detail: `${request.method} ${request.url.split('?')[0]} is not part of this service.`,
    }),
  )

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Trotline',
        version: '1',
        description:
          'Training jobs on a Slurm cluster: checked before they queue, submitted exactly once, followed live.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })

  const authenticator = createAuthenticator(settings.tokens)
  await app.register(healthRoutes(services))
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.register(async guarded => {
    guarded.addHook('onRequest', async request => {
      request.principal = authenticator.principalOf(request.headers.authorization)
    })
    // Every route may answer with a problem; said once, here.
    guarded.addHook('onRoute', route => {
      const schema = route.schema as { response?: Record<string, unknown> } | undefined
      if (schema) schema.response = { ...schema.response, '4xx': Problem, '5xx': Problem }
    })
    await guarded.register(jobRoutes(services))
    await guarded.register(jobStreamRoutes(services))
    await guarded.register(logRoutes(services))
    await guarded.register(whyRoutes(services))
    await guarded.register(clusterRoutes(services))
    await guarded.register(compatibilityRoutes(services))
  })

  const baseUrl = settings.publicUrl ?? `http://${settings.listen.host}:${settings.listen.port}`

  function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (error instanceof RequestMisfit) {
      const findings = error.findings()
      // A malformed id is no fault in the body: there is no job of that name.
      const code: ProblemCode = error.validationContext === 'params' ? 'job-not-found' : 'invalid-request'
      return sendProblem(request, reply, code, { detail: findings[0]?.detail ?? 'The request does not fit.', findings })
    }
    const code = problemCodeOf(error)
    if (code === null) {
      request.log.error({ err: error }, 'an unexpected fault')
      return sendProblem(request, reply, 'internal', {
        detail: 'The server failed in a way nobody foresaw; its log has this request id.',
      })
    }
    if (PROBLEMS[code].status >= 500) request.log.warn({ err: error, problem: code }, 'could not ask')
    const { findings, judged } = error instanceof ProblemError ? error : { findings: [], judged: {} }
    return sendProblem(request, reply, code, { detail: error instanceof Error ? error.message : '', findings, judged })
  }

  function sendProblem(
    request: FastifyRequest,
    reply: FastifyReply,
    code: ProblemCode,
    about: { detail: string; findings?: ProblemError['findings']; judged?: ProblemError['judged'] },
  ): FastifyReply {
    if (code === 'unauthorized') reply.header('www-authenticate', 'Bearer')
    if (code === 'body-too-large' && Number(request.headers['content-length']) <= RUN_OUT_BYTES)
      reply.removeHeader('connection')
    if (PROBLEMS[code].status === 503) reply.header('retry-after', '2')
    return (
      reply
        .code(PROBLEMS[code].status)
        // Fastify's own refusals, such as of a malformed address, come before any hook.
        .header('trotline-request-id', request.id)
        .type('application/problem+json; charset=utf-8')
        .serializer((body: unknown) => JSON.stringify(body))
        .send(problemBody(code, { ...about, instance: request.id, baseUrl }))
    )
  }

  await app.ready()
  return app as unknown as FastifyInstance
}
