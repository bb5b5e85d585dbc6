// Reads a log that is followed over HTTP, as its bytes: fast enough to measure a server by, and able to leave in the middle of an event.
import { type ClientRequest, get, type IncomingMessage } from 'node:http'

export interface LogEvent {
  id: string
  event: string
  data: Record<string, unknown>
  /** Of an event `log`, as they lie in the file. */
  bytes: Buffer | null
}

export interface ReadLogOptions {
  token: string
  lastId?: string | null
  /** Breaks the connection once so many bytes of the answer have come, wherever that is. Default: never. */
  leaveAfterBytes?: number
  /** Leaves as well. */
  signal?: AbortSignal
  /** The answer has begun. */
  onOpen?: () => void
  onEvent(event: LogEvent): void
  /** Events that many readers have are parsed once. */
  parsed?: ParsedEvents
}

/**
 * @returns how it ended: by the server, by leaving, or before it began, by a 503, which says to come again
 * @throws Error where the server breaks the connection or refuses
 */
export async function readLog(url: string, options: ReadLogOptions): Promise<'ended' | 'left' | 'busy'> {
  const { token, lastId = null, leaveAfterBytes = Number.POSITIVE_INFINITY, signal, onOpen, onEvent } = options
  const asked = get(url, {
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      ...(lastId === null ? {} : { 'last-event-id': lastId }),
    },
  })
  const answer = await answerTo(asked)
  if (answer.statusCode !== 200) {
    let text = ''
    for await (const chunk of answer) text += String(chunk)
    if (answer.statusCode === 503) return 'busy'
    throw new Error(`${url} was answered ${answer.statusCode}: ${text}`)
  }
  onOpen?.()
  const frames = new FrameSplitter()
  const { parsed = new ParsedEvents(0) } = options
  let taken = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    taken += chunk.length
    if (taken > leaveAfterBytes) {
      answer.destroy()
      return 'left'
    }
    for (const frame of frames.push(chunk)) {
      const event = parsed.of(frame)
      if (event !== null) onEvent(event)
      if (signal?.aborted) {
        answer.destroy()
        return 'left'
      }
    }
  }
  return 'ended'
}

const answerTo = (asked: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => void asked.once('response', resolve).once('error', reject))

const BETWEEN = Buffer.from('\n\n')

/** Chunks of an answer as its frames, each without its empty line. */
export class FrameSplitter {
  #parts: Buffer[] = []

  push(chunk: Buffer): Buffer[] {
    const whole: Buffer[] = []
    let from = 0
    if (this.#parts.at(-1)?.at(-1) === 10 && chunk[0] === 10) {
      from = 1
      whole.push(this.#whole())
    }
    for (let end = chunk.indexOf(BETWEEN, from); end >= 0; end = chunk.indexOf(BETWEEN, from)) {
      this.#parts.push(chunk.subarray(from, end))
      from = end + 2
      whole.push(this.#whole())
    }
    if (from < chunk.length) this.#parts.push(chunk.subarray(from))
    return whole
  }

  #whole(): Buffer {
    const whole = this.#parts.length === 1 ? (this.#parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#parts)
    this.#parts = []
    return whole
  }
}

/** The last few frames that somebody parsed: whoever gets one of the very same bytes has it from here. */
export class ParsedEvents {
  readonly #kept: { frame: Buffer; event: LogEvent | null }[] = []
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** null: a comment. */
  of(frame: Buffer): LogEvent | null {
    const known = this.#kept.find(one => one.frame.equals(frame))
    if (known !== undefined) return known.event
    const event = parse(frame)
    if (this.#most > 0) {
      if (this.#kept.length >= this.#most) this.#kept.shift()
      this.#kept.push({ frame, event })
    }
    return event
  }
}

const DATA = Buffer.from('\ndata: ')

function parse(frame: Buffer): LogEvent | null {
  const at = frame.indexOf(DATA)
  if (at < 0) return null
  const head = frame.toString('utf8', 0, at)
  const data = JSON.parse(frame.toString('utf8', at + DATA.length)) as Record<string, unknown>
  const bytes =
    typeof data.text === 'string'
      ? Buffer.from(data.text)
      : typeof data.base64 === 'string'
        ? Buffer.from(data.base64, 'base64')
        : null
  return { id: /^id: (.*)$/m.exec(head)?.[1] ?? '', event: /^event: (.*)$/m.exec(head)?.[1] ?? '', data, bytes }
}
