// Fastify with everything that all routes share: schemas, tokens, problems, OpenAPI, limits. Routes are registered by hand.
import { randomUUID } from 'node:crypto'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import type { Principal } from '../lifecycle/accept.ts'
import { DEEPEST_BODY, isDeeper, placeOfDepth, TOO_DEEP } from '../solving/body-depth.ts'
import { artifactRoutes } from './artifacts.ts'
import { createAuthenticator } from './auth.ts'
import { clusterRoutes } from './clusters.ts'
import { compatibilityRoutes } from './compatibility.ts'
import { dashboardRoutes } from './dashboard.ts'
import { describeRoutes } from './described-routes.ts'
import { environmentClusterRoutes } from './environment-clusters.ts'
import { environmentLogRoutes } from './environment-log.ts'
import { environmentRoutes } from './environments.ts'
import { compileValidator } from './findings.ts'
import { guideRoutes } from './guide.ts'
import { healthRoutes } from './health.ts'
import { jobStreamRoutes } from './job-streams.ts'
import { jobRoutes } from './jobs.ts'
import { logRoutes } from './logs.ts'
import { baseUrlOf, type ProblemAnswer, problemAnswer } from './problem-answer.ts'
import { PROBLEMS, ProblemError } from './problems.ts'
import { refuseExpectation, refuseUnread } from './refuse-unread.ts'
import { logAborted, RequestLog } from './request-log.ts'
import { rerunRoutes } from './reruns.ts'
import type { Services } from './services.ts'
import { streamRoutes } from './stream.ts'
import { webhookDeliveryRoutes } from './webhook-deliveries.ts'
import { webhookRoutes } from './webhooks.ts'
import { whoamiRoutes } from './whoami.ts'
import { whyRoutes } from './why.ts'

/**
 * A body past the limit is let run out, up to this size, and read by nobody: closing on a client that is still sending resets its
 * connection, and the answer is lost with it.
 */
const RUN_OUT_BYTES = 64 * 1_048_576

const OF_ANOTHER_ANSWER = ['etag', 'accept-ranges', 'content-range', 'content-length', 'content-disposition']

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
    logController: new RequestLog(),
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 100 },
    frameworkErrors: (error, request, reply) => answerProblem(error, request, reply),
    clientErrorHandler: refuseUnread(baseUrlOf(settings)),
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(compileValidator)
  app.setSerializerCompiler(serializerCompiler)
  app.server.on('checkExpectation', refuseExpectation(baseUrlOf(settings)))
  app.removeContentTypeParser('text/plain')
  app.decorateRequest('principal')
  app.addHook('onRequest', async (request, reply) => {
    reply.header('trotline-request-id', request.id)
    // What is answered is of the type that it says, user text above all.
    reply.header('x-content-type-options', 'nosniff')
  })
  app.addHook('preValidation', async request => {
    if (!isDeeper(request.body, DEEPEST_BODY)) return
    const pointer = placeOfDepth(request.body, DEEPEST_BODY)
    throw new ProblemError('invalid-request', TOO_DEEP, [{ pointer, detail: TOO_DEEP }])
  })
  app.addHook('onRequestAbort', logAborted)
  app.addHook('preClose', async () => streams.closeAll())
  app.setErrorHandler((error: FastifyError, request, reply) => answerProblem(error, request, reply))
  app.setNotFoundHandler((request, reply) =>
    answerProblem(
      new ProblemError('not-found', `${request.method} ${request.url.split('?')[0]} is not part of this service.`),
      request,
      reply,
    ),
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
    transformObject: document => describeRoutes(jsonSchemaTransformObject(document)),
  })

  const authenticator = createAuthenticator(settings.tokens)
  await app.register(healthRoutes(services))
  await app.register(dashboardRoutes())
  await app.register(guideRoutes({ openApi: () => app.swagger(), baseUrl: baseUrlOf(settings) }))
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.register(async guarded => {
    guarded.addHook('onRequest', async request => {
      request.principal = authenticator.principalOf(request.headers.authorization)
    })
    await guarded.register(jobRoutes(services))
    await guarded.register(jobStreamRoutes(services))
    await guarded.register(logRoutes(services))
    await guarded.register(artifactRoutes(services))
    await guarded.register(streamRoutes(services))
    await guarded.register(whyRoutes(services))
    await guarded.register(whoamiRoutes())
    await guarded.register(clusterRoutes(services))
    await guarded.register(compatibilityRoutes(services))
    await guarded.register(environmentRoutes(services))
    await guarded.register(rerunRoutes(services))
    await guarded.register(environmentClusterRoutes(services))
    await guarded.register(environmentLogRoutes(services))
    await guarded.register(webhookRoutes(services))
    await guarded.register(webhookDeliveryRoutes(services))
  })

  const baseUrl = baseUrlOf(settings)

  function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    return sendProblem(request, reply, problemAnswer(error, request, baseUrl))
  }

  function sendProblem(request: FastifyRequest, reply: FastifyReply, { code, body }: ProblemAnswer): FastifyReply {
    if (code === 'unauthorized') reply.header('www-authenticate', 'Bearer')
    if (code === 'body-too-large' && Number(request.headers['content-length']) <= RUN_OUT_BYTES)
      reply.removeHeader('connection')
    if (PROBLEMS[code].status === 503) reply.header('retry-after', '2')
    // A route may have said of its answer what is not true of this one: that it is kept, or saved as a file.
    for (const name of OF_ANOTHER_ANSWER) reply.removeHeader(name)
    return (
      reply
        .code(PROBLEMS[code].status)
        // Fastify's own refusals, such as of a malformed address, come before any hook.
        .header('trotline-request-id', request.id)
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'no-store')
        .type('application/problem+json; charset=utf-8')
        .serializer((problem: unknown) => JSON.stringify(problem))
        .send(body)
    )
  }

  await app.ready()
  return app as unknown as FastifyInstance
}
