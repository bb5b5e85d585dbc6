// The part of fetch that an exchange needs, over node:http: through a proxy, or with certificates of one's own. A server with https is
// reached by a tunnel (CONNECT), so that the proxy sees no token; one with http by the absolute form of the request (RFC 9112, 3.2.2).
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { connect as connectTls, rootCertificates } from 'node:tls'

export type FetchInit = {
  method: string
  headers: Record<string, string>
  body?: string
  signal: AbortSignal
  redirect: 'manual'
}
export type Fetch = (url: URL, init: FetchInit) => Promise<Response>
export type Way = { proxy: URL | null /** PEM, beside those that Node.js knows. */; certificates: Buffer | null }

/** @throws Error with the socket's `code`; of a proxy that refuses, PROXY_REFUSED */
export async function proxiedFetch(url: URL, init: FetchInit, { proxy, certificates }: Way): Promise<Response> {
  const { signal } = init
  signal.throwIfAborted()
  const trusted = certificates === null ? {} : { ca: [...rootCertificates, certificates.toString('utf8')] }
  if (url.protocol === 'http:' && proxy !== null) {
    return answerOf(proxied(proxy, { path: url.href }, trusted), url, init, { host: url.host, ...authorization(proxy) })
  }
  if (proxy === null) return answerOf(options => httpsRequest(url, { ...options, ...trusted }), url, init)
  const tunnel = await openTunnel(proxy, url, trusted, signal)
  const servername = /^[\d.]+$|^\[/.test(url.hostname) ? '' : url.hostname
  // Without an agent: one would connect by itself.
  const createConnection = () => connectTls({ socket: tunnel, servername, ALPNProtocols: ['http/1.1'], ...trusted })
  try {
    return await answerOf(options => httpsRequest(url, { ...options, createConnection }), url, init)
  } catch (error) {
    tunnel.destroy()
    throw error
  }
}

type Begin = (options: RequestOptions) => ReturnType<typeof httpRequest>

const proxied =
  (proxy: URL, target: { path: string }, trusted: object): Begin =>
  options => {
    const begin = proxy.protocol === 'https:' ? httpsRequest : httpRequest
    const { hostname, port } = proxy
    return begin({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? defaultPort(proxy) : port,
      agent: false,
      ...trusted,
      ...options,
      ...target,
    })
  }

const defaultPort = ({ protocol }: URL): number => (protocol === 'https:' ? 443 : 80)

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(text).toString('base64')}` }
}

function openTunnel(proxy: URL, to: URL, trusted: object, signal: AbortSignal): Promise<Socket> {
  const authority = `${to.hostname}:${to.port === '' ? 443 : to.port}`
  const request = proxied(
    proxy,
    { path: authority },
    trusted,
  )({
    method: 'CONNECT',
    headers: { host: authority, ...authorization(proxy) },
    signal,
  })
  return new Promise((resolve, reject) => {
    request.once('error', error => reject(signal.aborted ? signal.reason : error))
    request.once('connect', (response, socket) => {
      if (response.statusCode === 200) return resolve(socket)
      socket.destroy()
      reject(Object.assign(new Error(`the proxy answered ${response.statusCode}`), { code: 'PROXY_REFUSED' }))
    })
    // A proxy that answers CONNECT as if it were a page.
    request.once('response', (response: IncomingMessage) => {
      response.destroy()
      reject(Object.assign(new Error(`the proxy answered ${response.statusCode}`), { code: 'PROXY_REFUSED' }))
    })
    request.end()
  })
}

function answerOf(begin: Begin, url: URL, init: FetchInit, more: Record<string, string> = {}): Promise<Response> {
  const { method, headers, body, signal } = init
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = begin({ method, headers: { ...headers, ...length, ...more }, signal })
    request.once('error', error => reject(signal.aborted ? signal.reason : error))
    request.once('response', response => {
      const { statusCode = 0, statusMessage = '' } = response
      if (statusCode < 200) return reject(new Error(`${url.host} answered ${statusCode}`))
      const empty = statusCode === 204 || statusCode === 205 || statusCode === 304
      if (empty) response.resume()
      const stream = empty ? null : (Readable.toWeb(response) as unknown as ReadableStream<Uint8Array>)
      resolve(new Response(stream, { status: statusCode, statusText: statusMessage, headers: headersOf(response) }))
    })
    request.end(body)
  })
}

function headersOf({ rawHeaders }: IncomingMessage): [string, string][] {
  return rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] satisfies [string, string]] : [],
  )
}
