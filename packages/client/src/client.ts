// Calls to one server: typed by path and method, with the token, within a time limit, and with faults of two kinds (faults.ts).
import type {
  Answer,
  AnyAsk,
  AnyPath,
  Ask,
  EventAsk,
  EventPath,
  FileAnswer,
  FilePath,
  JsonPath,
  Maybe,
  Method,
} from './calls.ts'
import { createEventParser, type ServerEvent } from './event-parser.ts'
import { CouldNotAsk, type Fault, faultOf, Refused } from './faults.ts'
import { newKey } from './keys.ts'
import { wholeText } from './read-whole.ts'
import { repeated } from './repeat.ts'

/** What is handed to fetch. A POST that follows a redirect becomes a GET: an answer from elsewhere is no answer. */
export interface Sent {
  method: string
  headers: Record<string, string>
  body?: string
  signal: AbortSignal
  redirect: 'manual'
  cache: 'no-store'
  credentials: 'omit'
}
export type Fetch = (url: string, sent: Sent) => Promise<Response>

export interface ClientOptions {
  /** Such as https://trotline.example.org; '': the page's own server. */
  baseUrl: string
  /** Asked at each call where it is a function; null: none. */
  token?: string | null | (() => string | null)
  /** Default: the runtime's. */
  fetch?: Fetch
  /** With every request, such as user-agent. */
  headers?: Readonly<Record<string, string>>
  /** Ends every call. */
  signal?: AbortSignal
  /** Of one call, until its whole answer is there; default 30 s. */
  timeoutMs?: number
  /** For how long a call is repeated whose answer was lost, or whose server is away; default 0. */
  patienceMs?: number
  /** Of the keys that POSTs get by themselves: tells in the server's store where a request came from. */
  keyPrefix?: string
  /** Told of every answer, good or not, before its body is read. */
  onAnswer?: (response: Response) => void
  /** What is thrown in place of a fault. @param said the token that was sent; null: none */
  fault?: (fault: Fault, said: string | null) => Error
}

export interface Client {
  get<P extends JsonPath<'get'>>(path: P, ...ask: Maybe<Ask<P, 'get'>>): Promise<Answer<P, 'get'>>
  post<P extends JsonPath<'post'>>(path: P, ...ask: Maybe<Ask<P, 'post'>>): Promise<Answer<P, 'post'>>
  put<P extends JsonPath<'put'>>(path: P, ...ask: Maybe<Ask<P, 'put'>>): Promise<Answer<P, 'put'>>
  patch<P extends JsonPath<'patch'>>(path: P, ...ask: Maybe<Ask<P, 'patch'>>): Promise<Answer<P, 'patch'>>
  delete<P extends JsonPath<'delete'>>(path: P, ...ask: Maybe<Ask<P, 'delete'>>): Promise<Answer<P, 'delete'>>
  text<P extends FilePath>(path: P, ...ask: Maybe<Ask<P, 'get'>>): Promise<FileAnswer<string>>
  bytes<P extends FilePath>(path: P, ...ask: Maybe<Ask<P, 'get'>>): Promise<FileAnswer<Uint8Array>>
  /** The body is the caller's to read, and no time limit holds but the one asked for: for answers that are large. */
  response<P extends AnyPath<M>, M extends Method>(method: M, path: P, ...ask: Maybe<Ask<P, M>>): Promise<Response>
  /**
   * One connection, until the server ends it or the caller's signal does; `'alive'` for a comment: nothing happened, and it stands.
   * A connection that is lost, or silent for 45 s, throws CouldNotAsk: come back with the last event's id.
   */
  events<P extends EventPath<'get'>>(
    path: P,
    ...ask: Maybe<EventAsk<P, 'get'>>
  ): AsyncGenerator<ServerEvent | 'alive', void, undefined>
  /** The same for a request that has to be sent first. */
  postEvents<P extends EventPath<'post'>>(
    path: P,
    ...ask: Maybe<EventAsk<P, 'post'>>
  ): AsyncGenerator<ServerEvent | 'alive', void, undefined>
}

const ANSWER_LIMIT_MS = 30_000
/** The server sends a comment at least every 15 s; three of them missing is a dead connection that nobody closed. */
const MAX_SILENCE_MS = 45_000
/** Of an answer that is read as one text. The largest, a page of epochs or a lock, has a few MB. */
const MOST_TEXT_BYTES = 64 * 1024 * 1024

type Read<T> = (response: Response) => Promise<T>

/** @throws Refused, CouldNotAsk from each call, or what `fault` makes of them */
export function createClient(options: ClientOptions): Client {
  const {
    token = null,
    headers = {},
    timeoutMs = ANSWER_LIMIT_MS,
    patienceMs = 0,
    keyPrefix,
    onAnswer,
    fault,
  } = options
  const base = options.baseUrl.replace(/\/+$/, '')
  const send: Fetch = options.fetch ?? ((url, sent) => fetch(url, sent))

  /** One exchange, with nothing read of its body. */
  async function exchange(method: Method, address: string, ask: AnyAsk, accept: string, signal: AbortSignal) {
    const { body, lastEventId, key, token: said = null } = ask
    const response = await send(address, {
      method: method.toUpperCase(),
      headers: {
        accept,
        ...(said === null ? {} : { authorization: `Bearer ${said}` }),
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(lastEventId === undefined || lastEventId === null ? {} : { 'last-event-id': lastEventId }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(ask.headers as Record<string, string> | undefined),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
      redirect: 'manual',
      cache: 'no-store',
      credentials: 'omit',
    })
    onAnswer?.(response)
    if (response.ok || ask.accepts?.includes(response.status) === true) return response
    throw await faultOf(response)
  }

  async function call<T>(method: Method, path: string, ask: AnyAsk, accept: string, read: Read<T>): Promise<T> {
    const limitMs = ask.timeoutMs === undefined ? timeoutMs : ask.timeoutMs
    const address = `${base}${addressOf(path, ask)}`
    const full = filled(method, ask)
    const given = signals(options.signal, ask.signal)
    const once = async (): Promise<T> => {
      const signal = AbortSignal.any([...given, ...(limitMs === null ? [] : [AbortSignal.timeout(limitMs)])])
      let response: Response | null = null
      try {
        response = await exchange(method, address, full, accept, signal)
        return await read(response)
      } catch (error) {
        throw silenceOf(error, { answered: response !== null, limitMs, givenUp: given.some(one => one.aborted) })
      }
    }
    try {
      return await (patienceMs > 0 ? repeated(once, { patienceMs, signal: AbortSignal.any(given) }) : once())
    } catch (error) {
      throw shown(error, full)
    }
  }

  async function* events(method: Method, path: string, ask: AnyAsk): AsyncGenerator<ServerEvent | 'alive', void> {
    const silence = new AbortController()
    const given = signals(options.signal, ask.signal)
    const address = `${base}${addressOf(path, ask)}`
    const full = filled(method, ask)
    let answered = false
    /** Only the wait for the server counts, not what is done with an event. */
    const heard = async <T>(coming: Promise<T>): Promise<T> => {
      const watch = setTimeout(() => silence.abort(), MAX_SILENCE_MS)
      return coming.finally(() => clearTimeout(watch))
    }
    try {
      const signal = AbortSignal.any([...given, silence.signal])
      const response = await heard(exchange(method, address, full, 'text/event-stream', signal))
      answered = true
      asType(response, /^text\/event-stream\b/)
      const parser = createEventParser(ask.lastEventId)
      const decoder = new TextDecoder()
      const reader = response.body?.getReader()
      try {
        for (;;) {
          const piece = reader && (await heard(reader.read()))
          if (piece === undefined || piece.done) return
          yield* parser.feed(decoder.decode(piece.value, { stream: true }))
        }
      } finally {
        // Whoever stops reading closes the connection.
        await reader?.cancel().catch(() => {})
      }
    } catch (error) {
      if (given.some(one => one.aborted)) return
      if (silence.signal.aborted)
        throw shown(
          new CouldNotAsk('silence', `no sign of life for ${MAX_SILENCE_MS / 1000} s`, { cause: error }),
          full,
        )
      throw shown(silenceOf(error, { answered, limitMs: null, givenUp: false }), full)
    }
  }

  /** With the token of this moment, and of a POST a key that stays the same with every repetition. */
  const filled = (method: Method, ask: AnyAsk): AnyAsk => ({
    ...ask,
    token: ask.token === undefined ? (typeof token === 'function' ? token() : token) : ask.token,
    ...(method === 'post' ? { key: ask.key ?? newKey(keyPrefix) } : {}),
  })

  const shown = (error: unknown, { token: said = null }: AnyAsk): unknown =>
    fault !== undefined && (error instanceof Refused || error instanceof CouldNotAsk) ? fault(error, said) : error

  const json =
    (method: Method) =>
    (path: string, ask: AnyAsk = {}) =>
      call(method, path, ask, 'application/json', async response => ({
        status: response.status,
        data: response.status === 204 ? null : (JSON.parse(await textOf(asType(response, /\bjson\b/))) as unknown),
        headers: response.headers,
      }))
  const file =
    <T>(read: Read<T>, accept: string) =>
    (path: string, ask: AnyAsk = {}) =>
      call('get', path, ask, accept, async response => ({
        status: response.status,
        // No file of the API is a page; those who stand in the way answer with one.
        data: await read(asType(response, /^(?!text\/html\b)/)),
        headers: response.headers,
      }))

  // What the types promise of each path is the generated description's; here a path is text.
  return {
    get: json('get'),
    post: json('post'),
    put: json('put'),
    patch: json('patch'),
    delete: json('delete'),
    text: file(textOf, 'text/plain, */*'),
    bytes: file(async response => new Uint8Array(await response.arrayBuffer()), 'text/plain, */*'),
    response: (method: Method, path: string, ask: AnyAsk = {}) =>
      call(method, path, { timeoutMs: null, ...ask }, '*/*', async response => response),
    events: (path: string, ask: AnyAsk = {}) => events('get', path, ask),
    postEvents: (path: string, ask: AnyAsk = {}) => events('post', path, ask),
  } as unknown as Client
}

/** @throws TypeError for a place in the path that nothing was given for */
export function addressOf(path: string, { path: places = {}, query = {} }: Pick<AnyAsk, 'path' | 'query'>): string {
  const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = places[name]
    if (value === undefined || value === '') throw new TypeError(`${path} needs "${name}".`)
    return encodeURIComponent(value)
  })
  const asked = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue
    // A list stands for the same name several times.
    for (const one of Array.isArray(value) ? value : [value]) asked.append(name, String(one))
  }
  const text = asked.toString()
  return text === '' ? filled : `${filled}?${text}`
}

/** A page that somebody on the way answered in the server's place, with a status as if all were well. */
function asType(response: Response, type: RegExp): Response {
  const is = response.headers.get('content-type')
  if (is === null || type.test(is)) return response
  throw new CouldNotAsk('foreign', `something between here and the server answered ${is}`, { response })
}

async function textOf(response: Response): Promise<string> {
  const text = await wholeText(response, MOST_TEXT_BYTES)
  if (text !== null) return text
  throw new CouldNotAsk('foreign', `what answered sent more than ${MOST_TEXT_BYTES} bytes`, { response })
}

const signals = (...given: (AbortSignal | undefined)[]): AbortSignal[] => given.filter(one => one !== undefined)

function silenceOf(
  error: unknown,
  { answered, limitMs, givenUp }: { answered: boolean; limitMs: number | null; givenUp: boolean },
): unknown {
  if (error instanceof Refused || error instanceof CouldNotAsk) return error
  const cause = { cause: error }
  if (givenUp) return new CouldNotAsk('given-up', 'given up', cause)
  if (error instanceof Error && error.name === 'TimeoutError')
    return new CouldNotAsk('time', `no answer within ${(limitMs ?? 0) / 1000} s`, cause)
  if (answered) return new CouldNotAsk('broken-off', 'the answer broke off', cause)
  return new CouldNotAsk('connection', 'no connection', cause)
}
