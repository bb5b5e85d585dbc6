// The guide at /guide, a page for every error at /guide/errors/<code>, and the reference of the API at /docs. Plain pages without scripts,
// rendered once when the server starts. They hold no data, so no token is asked for.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { errorIndex, errorPage } from './guide/error-pages.ts'
import { layout, type MenuEntry, type Page, STYLE } from './guide/layout.ts'
import { renderMarkdown } from './guide/markdown.ts'
import { type OpenApi, referencePage } from './guide/reference.ts'

/** From the sources and from dist alike. */
const PAGES = fileURLToPath(new URL('../../../../docs/guide', import.meta.url))

/** Nothing runs, nothing is fetched from elsewhere, nobody frames it. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'public, max-age=300',
}

const HTML = 'text/html; charset=utf-8'

export interface GuideParts {
  /** Asked when the reference is first looked at: by then every route is there. */
  openApi(): unknown
  /** For the lines of curl. */
  baseUrl: string
  /** Where the pages lie: `10-tour.md` is /guide/tour, and the numbers are their order. */
  folder?: string
}

/** @throws Error where a page cannot be rendered: a fault of the build, seen at the start */
export function guideRoutes({ openApi, baseUrl, folder = PAGES }: GuideParts): FastifyPluginAsync {
  const pages = readPages(folder)
  const menu: MenuEntry[] = [
    ...pages.map(({ path, title }): MenuEntry => [path, title]),
    ['/guide/errors', 'Errors'],
    ['/docs', 'API reference'],
  ]
  const rendered = new Map([...pages, errorIndex()].map(page => [page.path, layout(page, menu)]))
  let reference: string | null = null

  return async app => {
    const send = (reply: FastifyReply, html: string): FastifyReply => reply.headers(HEADERS).type(HTML).send(html)
    const hidden = { schema: { hide: true } }

    app.get('/guide/style.css', hidden, async (_request, reply) =>
      reply.headers(HEADERS).type('text/css; charset=utf-8').send(STYLE),
    )
    app.get('/guide', hidden, async (_request, reply) => send(reply, rendered.get(pages[0]?.path ?? '') ?? ''))
    app.get('/guide/errors', hidden, async (_request, reply) => send(reply, rendered.get('/guide/errors') ?? ''))
    app.get('/guide/errors/:code', hidden, async (request, reply) => {
      const page = errorPage((request.params as { code: string }).code)
      return page === null ? reply.callNotFound() : send(reply, layout(page, menu))
    })
    app.get('/guide/:page', hidden, async (request, reply) => {
      const html = rendered.get(`/guide/${(request.params as { page: string }).page}`)
      return html === undefined ? reply.callNotFound() : send(reply, html)
    })
    app.get('/docs', hidden, async (_request, reply) => {
      reference ??= layout(referencePage(openApi() as OpenApi, baseUrl), menu)
      return send(reply, reference)
    })
  }
}

function readPages(folder: string): Page[] {
  return readdirSync(folder)
    .filter(name => /^\d+-[a-z0-9-]+\.md$/.test(name))
    .sort()
    .map(name => {
      const { title, html } = renderMarkdown(readFileSync(join(folder, name), 'utf8'))
      return { title, path: `/guide/${name.replace(/^\d+-|\.md$/g, '')}`, html }
    })
}
