// The page at `/`: files that `npm run build` made, read once and served from memory, compressed as the build left them. They hold no
// data, so no token is asked for; everything that the page shows it asks /v1 for.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'

/** From the sources and from dist alike. */
const BUILT = fileURLToPath(new URL('../../../dashboard/dist/page', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
}

/** Scripts, styles, pictures and answers come from here and nowhere else; nothing inline runs; nobody frames it. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
}

/** Addresses that the page itself makes something of. */
const PAGES = [
  '/',
  '/jobs',
  '/jobs/*',
  '/compare',
  '/submit',
  '/compatibility',
  '/environments',
  '/environments/*',
].concat(['/clusters', '/clusters/*', '/settings'])

const NOT_BUILT =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Trotline</title><p>The page is not built on this server: ' +
  '<code>npm run build</code> builds it, and then the server has to be started again. Everything under <code>/v1</code> works without it.</p></html>\n'

interface Served {
  type: string
  plain: Buffer
  gz?: Buffer
  br?: Buffer
}

/** @param folder where the build lies */
export function dashboardRoutes(folder = BUILT): FastifyPluginAsync {
  return async app => {
    const files = readBuilt(folder)
    const index = files.get('index.html')

    for (const url of PAGES) {
      app.get(url, { schema: { hide: true } }, async (request, reply) => {
        reply.header('cache-control', 'no-cache')
        if (index) return send(request, reply, index)
        return reply
          .code(503)
          .headers(HEADERS)
          .type(TYPES.html ?? '')
          .send(NOT_BUILT)
      })
    }
    app.get('/assets/*', { schema: { hide: true } }, async (request, reply) => {
      const file = files.get(`assets/${(request.params as { '*': string })['*']}`)
      // Of a build before this one: whoever still holds its index.html reads that anew.
      if (!file) return reply.callNotFound()
      // The name holds a hash of the content.
      reply.header('cache-control', 'public, max-age=31536000, immutable')
      return send(request, reply, file)
    })
  }
}

function send(request: FastifyRequest, reply: FastifyReply, { type, plain, gz, br }: Served): FastifyReply {
  const takes = String(request.headers['accept-encoding'] ?? '')
  const [encoding, bytes] =
    br && accepts(takes, 'br') ? ['br', br] : gz && accepts(takes, 'gzip') ? ['gzip', gz] : [null, plain]
  if (encoding !== null) reply.header('content-encoding', encoding)
  return reply.headers(HEADERS).header('vary', 'accept-encoding').type(type).send(bytes)
}

const accepts = (header: string, encoding: string): boolean =>
  header.split(',').some(one => {
    const [name = '', ...parameters] = one
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/)
    return name === encoding && !parameters.some(parameter => /^q=0(?:\.0*)?$/.test(parameter))
  })

/** By path below the folder. Empty: nothing was built. */
function readBuilt(folder: string): Map<string, Served> {
  const files = new Map<string, Served>()
  const read = (name: string): Buffer => readFileSync(join(folder, name))
  const names = new Set(listed(folder))
  for (const name of names) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)]
    if (type === undefined) continue
    files.set(name, {
      type,
      plain: read(name),
      ...(names.has(`${name}.gz`) ? { gz: read(`${name}.gz`) } : {}),
      ...(names.has(`${name}.br`) ? { br: read(`${name}.br`) } : {}),
    })
  }
  return files
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
