// What Node.js itself could not read as HTTP never comes to Fastify. It is answered with a problem all the same, and the connection ends.
import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { PROBLEMS, problemBody } from './problems.ts'

const CODE = 'invalid-request'
const STATUS = PROBLEMS[CODE].status
type Unread = Error & {
  code?: string
  /** What came last, a Buffer, and how far it was read. */
  rawPacket?: unknown
  bytesParsed?: number
}

/** Its client takes whatever comes behind the headers for garbage (RFC 9110, 9.3.2). */
function asksForHead({ rawPacket, bytesParsed }: Unread): boolean {
  const read = Buffer.isBuffer(rawPacket) ? rawPacket.toString('latin1', 0, bytesParsed) : ''
  // Behind an empty line it is another request, or a body, that could not be read.
  return read.startsWith('HEAD ') && !read.includes('\r\n\r\n')
}

const MALFORMED =
  'What came over this connection is not HTTP/1.1 as it has to be. Send it with an HTTP client or library.'
const DETAILS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW:
    'The address and the headers of a request may have 16 KiB together; these have more. Put long values into the body.',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request did not come whole in time. Send it again.',
}

const HEADERS = {
  'content-type': 'application/problem+json; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  connection: 'close',
} as const

function answerOf(detail: string, baseUrl: string): { headers: Record<string, string>; body: string } {
  const instance = randomUUID().slice(0, 13)
  const body = JSON.stringify(problemBody(CODE, { detail, instance, baseUrl }))
  const length = String(Buffer.byteLength(body))
  return { headers: { ...HEADERS, 'content-length': length, 'trotline-request-id': instance }, body }
}

/** As Node.js's own handler looks whether an answer is under way: into it nothing may be written. */
type Answering = Socket & { _httpMessage?: Pick<ServerResponse, 'headersSent'> | null }

/** Whoever has been refused and does not go: Node.js itself lets them stay for up to 90 s. */
const STAY_MS = 5_000

/** Fastify's `clientErrorHandler`. Who has gone is told nothing, and an answer that has begun is broken off. */
export const refuseUnread =
  (baseUrl: string) =>
  (error: Unread, socket: Socket): void => {
    const { _httpMessage: answer } = socket as Answering
    if (error.code === 'ECONNRESET' || !socket.writable || answer?.headersSent) {
      socket.destroy()
      return
    }
    const { headers, body } = answerOf(DETAILS[error.code ?? ''] ?? MALFORMED, baseUrl)
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const shown = asksForHead(error) ? '' : body
    socket.end([`HTTP/1.1 ${STATUS} ${STATUS_CODES[STATUS]}`, ...lines, '', shown].join('\r\n'))
    const goes = setTimeout(() => socket.destroy(), STAY_MS).unref()
    socket.once('close', () => clearTimeout(goes))
  }

/** For the server's `checkExpectation`: Node.js would answer an empty 417. */
export const refuseExpectation =
  (baseUrl: string) =>
  ({ headers: { expect } }: IncomingMessage, response: ServerResponse): void => {
    const detail = `Nothing can be expected but 100-continue; this request says "Expect: ${expect?.slice(0, 80)}". Leave the header out.`
    const { headers, body } = answerOf(detail, baseUrl)
    response.writeHead(STATUS, headers).end(body)
  }
