// Serves folders of channels over http on loopback, with validators as real ones have them, counts who asked for what, and misbehaves when
// it is told to: hangs, garbage, cut bodies, statuses, redirects, a password.
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join, normalize } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

export type Behaviour =
  | { kind: 'status'; status: number }
  /** Never an answer; or headers and the first bytes, and then nothing. */
  | { kind: 'hang'; afterBytes?: number }
  /** The connection ends without an answer. */
  | { kind: 'drop' }
  /** 200 with these bytes. */
  | { kind: 'body'; body: string | Buffer; headers?: Record<string, string> }
  /**
   * The first bytes only. length: of a body whose length was announced. chunked: without its last chunk. close: of a body that ends with the
   * connection, so that nothing of HTTP tells. gzip: chunked, whole as HTTP has it, cut as gzip has it.
   */
  | { kind: 'cut'; bytes: number; how: 'length' | 'chunked' | 'close' | 'gzip' }
  /** These bytes and nothing else of HTTP; the connection stays. */
  | { kind: 'raw'; text: string }
  | { kind: 'gzip' }
  | { kind: 'slow'; bytesPerSecond: number }
  | { kind: 'redirect'; to: string; status?: number }

export interface ServedRequest {
  method: string
  path: string
  headers: IncomingMessage['headers']
  /** null: no answer yet, or none. */
  status: number | null
}

export interface ChannelServer {
  /** http://127.0.0.1:PORT; the channel in the folder `main` is at url/main. */
  readonly url: string
  readonly requests: readonly ServedRequest[]
  /** How many asked for a path that ends so. */
  count(pathEnd: string): number
  forget(): void
  /** For paths that the pattern fits, from now on; of several the newest; `times`: how often. */
  behave(pattern: RegExp, behaviour: Behaviour, times?: number): void
  /** As it was at first. */
  behaveWell(): void
  close(): Promise<void>
}

interface Rule {
  pattern: RegExp
  behaviour: Behaviour
  left: number
}

export async function serveChannels(
  folder: string,
  {
    authorization,
    validators = 'etag',
  }: {
    /** Without it in the header of that name: 401. */
    authorization?: string
    validators?: 'etag' | 'last-modified' | 'none'
  } = {},
): Promise<ChannelServer> {
  const requests: ServedRequest[] = []
  let rules: Rule[] = []
  const sockets = new Set<Socket>()
  const closing = new AbortController()

  const ruleFor = (path: string): Behaviour | undefined => {
    const rule = rules.find(({ pattern, left }) => left > 0 && pattern.test(path))
    if (rule) rule.left--
    return rule?.behaviour
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://loopback').pathname)
    const served: ServedRequest = { method: request.method ?? '', path, headers: request.headers, status: null }
    requests.push(served)
    response.on('prefinish', () => {
      served.status = response.statusCode
    })
    if (authorization !== undefined && request.headers.authorization !== authorization) return end(response, 401)
    const behaviour = ruleFor(path)
    const file = join(folder, normalize(path))
    if (behaviour !== undefined && (await misbehave(behaviour, file, response, closing.signal))) return
    const stat = statSync(file, { throwIfNoEntry: false })
    if (!stat?.isFile()) return end(response, 404)
    const headers = validatorsOf(stat, validators)
    if (isUnchanged(request, headers)) {
      response.writeHead(304, headers)
      response.end()
      return
    }
    response.writeHead(200, { ...headers, 'content-length': stat.size, 'content-type': 'application/octet-stream' })
    if (request.method === 'HEAD') response.end()
    else await pipeline(createReadStream(file), response)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    count: pathEnd => requests.filter(({ path }) => path.endsWith(pathEnd)).length,
    forget: () => void requests.splice(0),
    behave: (pattern, behaviour, times = Number.POSITIVE_INFINITY) => {
      rules = [{ pattern, behaviour, left: times }, ...rules]
    },
    behaveWell: () => {
      rules = []
    },
    close: async () => {
      closing.abort()
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function validatorsOf(
  { size, mtimeMs, mtime }: { size: number; mtimeMs: number; mtime: Date },
  validators: 'etag' | 'last-modified' | 'none',
): Record<string, string> {
  if (validators === 'none') return {}
  // Last-Modified counts in seconds: two changes within one look the same, as they do with real servers.
  const modified = { 'last-modified': mtime.toUTCString() }
  return validators === 'etag'
    ? { etag: `"${size.toString(16)}-${Math.round(mtimeMs * 1000).toString(16)}"`, ...modified }
    : modified
}

function isUnchanged({ headers }: IncomingMessage, ours: Record<string, string>): boolean {
  const tags = headers['if-none-match']
  if (tags !== undefined) return ours.etag !== undefined && tags.split(/,\s*/).includes(ours.etag)
  const since = headers['if-modified-since']
  return (
    since !== undefined && ours['last-modified'] !== undefined && Date.parse(since) >= Date.parse(ours['last-modified'])
  )
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/plain' })
  response.end(`this is a test's ${status}\n`)
}

/** Answers true when the request has been dealt with. */
async function misbehave(
  behaviour: Behaviour,
  file: string,
  response: ServerResponse,
  closing: AbortSignal,
): Promise<boolean> {
  const content = (): Buffer => readFileSync(file)
  switch (behaviour.kind) {
    case 'status':
      end(response, behaviour.status)
      return true
    case 'drop':
      response.destroy()
      return true
    case 'hang':
      if (behaviour.afterBytes !== undefined) {
        response.writeHead(200, { 'content-length': content().length })
        response.write(content().subarray(0, behaviour.afterBytes))
      }
      return true
    case 'body':
      response.writeHead(200, { 'content-length': Buffer.byteLength(behaviour.body), ...behaviour.headers })
      response.end(behaviour.body)
      return true
    case 'raw':
      response.socket?.write(behaviour.text)
      return true
    case 'redirect':
      response.writeHead(behaviour.status ?? 302, { location: behaviour.to })
      response.end()
      return true
    case 'gzip':
      response.writeHead(200, { 'content-encoding': 'gzip' })
      response.end(gzipSync(content()))
      return true
    case 'slow':
      response.writeHead(200, { 'content-length': content().length })
      for (const byte of inParts(content(), Math.max(1, Math.floor(behaviour.bytesPerSecond / 10)))) {
        response.write(byte)
        await sleep(100, undefined, { signal: closing })
        if (response.destroyed) return true
      }
      response.end()
      return true
    case 'cut':
      await cut(behaviour, content(), response)
      return true
  }
}

async function cut(
  { bytes, how }: Extract<Behaviour, { kind: 'cut' }>,
  content: Buffer,
  response: ServerResponse,
): Promise<void> {
  if (how === 'gzip') {
    response.writeHead(200, { 'content-encoding': 'gzip' })
    response.end(gzipSync(content).subarray(0, bytes))
    return
  }
  if (how === 'close') {
    // As servers of HTTP/1.0 answer.
    response.socket?.end(
      Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n'), content.subarray(0, bytes)]),
    )
    return
  }
  response.writeHead(200, how === 'length' ? { 'content-length': content.length } : {})
  await new Promise<void>(resolve => response.write(content.subarray(0, bytes), () => resolve()))
  response.destroy()
}

function* inParts(content: Buffer, bytes: number): Generator<Buffer> {
  for (let at = 0; at < content.length; at += bytes) yield content.subarray(at, at + bytes)
}
