// Whose token it is. A page shows it, and `trotline login` asks here before it keeps a token.
import { createRequire } from 'node:module'
import { Whoami } from '@trotline/contracts'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'

/** From the sources and from dist alike. */
const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

export const whoamiRoutes = (): FastifyPluginAsyncZod => async app => {
  app.get(
    '/v1/whoami',
    {
      schema: {
        summary: 'Whose token it is',
        description: 'The owner, the role and the identity of the bearer token, and the version of the server.',
        tags: ['account'],
        response: { 200: Whoami },
      },
    },
    async ({ principal: { owner, role, identity } }) => ({ owner, role, identity, version }),
  )
}
