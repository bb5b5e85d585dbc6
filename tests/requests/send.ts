// Sends a request over a real socket as it stands, and tells it as a curl line.
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Sent } from './request.ts'

export interface Received {
  status: number
  headers: Readonly<Record<string, string>>
  body: Buffer
  /** It was a stream of events, left after its first words. */
  streamed: boolean
}

export interface Sender {
  /** null: it broke off, and nothing is due. @throws Error where no answer came */
  send(sent: Sent): Promise<Received | null>
  /** Ends the connections that wait for the next request. */
  rest(): void
}

/** A hang. */
const ANSWER_LIMIT_MS = 60_000
/** What a stream says first comes at once. */
const STREAM_READ_MS = 3

export function createSender(address: { host: string; port: number }): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  return {
    async send(sent) {
      try {
        return await once(sent)
      } catch (error) {
        // The server may close an idle connection in the moment in which it is used again: every client has to ask once more.
        if ((error as { code?: string }).code !== 'ECONNRESET' || sent.breaksOff) throw error
        return once(sent)
      }
    },
    rest: () => agent.destroy(),
  }

  function once({ method, target, headers, body, breaksOff }: Sent): Promise<Received | null> {
    const bytes = body === null ? null : Buffer.from(body)
    return new Promise((resolve, reject) => {
      const asked = httpRequest({
        ...address,
        agent: breaksOff ? false : agent,
        method,
        path: target,
        timeout: ANSWER_LIMIT_MS,
        headers: {
          ...headers,
          ...(bytes === null ? {} : { 'content-length': bytes.length + (breaksOff ? 10 : 0) }),
        },
      })
      asked.once('timeout', () => asked.destroy(new Error(`no answer within ${ANSWER_LIMIT_MS} ms`)))
      asked.once('error', error => (breaksOff ? resolve(null) : reject(error)))
      asked.once('response', answer => {
        void read(answer, () => asked.destroy()).then(resolve, reject)
      })
      if (breaksOff) asked.write(bytes ?? '', () => setImmediate(() => asked.destroy()))
      else asked.end(bytes ?? undefined)
    })
  }
}

async function read(answer: IncomingMessage, leave: () => void): Promise<Received> {
  const streamed = String(answer.headers['content-type']).startsWith('text/event-stream')
  const chunks: Buffer[] = []
  const timer = streamed ? setTimeout(leave, 1_000) : null
  try {
    for await (const chunk of answer) {
      chunks.push(chunk as Buffer)
      if (streamed && chunks.length === 1) setTimeout(leave, STREAM_READ_MS)
    }
  } catch (error) {
    if (!streamed) throw error
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
  const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)])
  return { status: answer.statusCode ?? 0, headers: Object.fromEntries(headers), body: Buffer.concat(chunks), streamed }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const LONGEST_SHOWN = 4_000

/** To be sent again by hand. Long bodies are cut: the seed makes them whole. */
export function curlOf({ method, target, headers, body, breaksOff }: Sent, origin: string): string {
  const parts = [
    `curl --path-as-is -i -X ${method} ${target.startsWith('/') ? quoted(origin + target) : `--request-target ${quoted(target)} ${origin}`}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`),
    ...(body === null ? [] : [`--data-binary ${quoted(body)}`]),
  ]
  const text = parts.join(' ')
  return `${text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text}${breaksOff ? '   # and breaks off' : ''}`
}
