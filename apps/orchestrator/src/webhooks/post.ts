// One try: a POST with limits, to an address that was looked at first. Where the name leads is decided here, and the connection goes to that
// address and no other, so a name that changes in between leads nowhere else. Redirects are not followed.
import { lookup, Resolver } from 'node:dns/promises'
import { type ClientRequest, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { addressRefusal, bareHost, isNear, refusalOf } from './destination.ts'

export interface Resolved {
  address: string
  family: number
}
/** All addresses of a host. @param near whether the operator named it */
export type Resolve = (host: string, near: boolean) => Promise<readonly Resolved[]>

/**
 * A host that the operator named is looked up as the system does it. Any other is asked of the name servers directly: anybody may choose it,
 * and the system's way keeps one of the process's four threads (libuv's pool, which reads files too) for as long as a name server is silent.
 */
export const resolveHost: Resolve = (host, near) =>
  near ? lookup(host, { all: true }) : publicAddresses(host, new Resolver({ timeout: 2_500, tries: 2 }))

/** @throws Error with the code ENOTFOUND: the name servers know of none; EAI_AGAIN: they did not say */
export async function publicAddresses(host: string, resolver: Resolver): Promise<Resolved[]> {
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const found = [four, six].flatMap((one, i) =>
    one.status === 'fulfilled' ? one.value.map(address => ({ address, family: i === 0 ? 4 : 6 })) : [],
  )
  if (found.length > 0) return found
  const isUnknown = [four, six].every(
    one => one.status === 'rejected' && ['ENOTFOUND', 'ENODATA'].includes(one.reason.code),
  )
  throw Object.assign(new Error('no address'), { code: isUnknown ? 'ENOTFOUND' : 'EAI_AGAIN' })
}

export interface Post {
  url: string
  headers: Readonly<Record<string, string>>
  body: string
  timeLimitMs: number
  rules: Parameters<typeof refusalOf>[1]
  resolve?: Resolve
  /** Of a stop of the server. */
  signal?: AbortSignal
}

export type Answer =
  /** `words`: how the body begins, of text. `retryAfterMs`: as the receiver wishes; null: it says nothing. */
  | { status: number; words: string; retryAfterMs: number | null }
  /** None came. */
  | { status: null; why: string }

const MOST_ANSWER_BYTES = 1_024
const MOST_WORDS = 200

/** Never throws for what the other side does. @throws the signal's reason */
export async function post({ url: text, resolve = resolveHost, ...options }: Post): Promise<Answer> {
  const refused = refusalOf(text, options.rules)
  if (refused !== null) return { status: null, why: refused }
  const url = new URL(text)
  const limit = AbortSignal.timeout(options.timeLimitMs)
  const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit
  const late = (): Answer => {
    options.signal?.throwIfAborted()
    return { status: null, why: `No answer came within ${Math.round(options.timeLimitMs / 1000)} s.` }
  }
  try {
    const found = await among(url, isNear(url, options.rules), resolve, signal)
    if (typeof found === 'string') return { status: null, why: found }
    return await send(url, found, { ...options, signal }, late)
  } catch (error) {
    if (signal.aborted) return late()
    return { status: null, why: sentenceOf(error, url) }
  }
}

/** The addresses that may be told; a sentence where there is none. */
async function among(
  url: URL,
  near: boolean,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<readonly Resolved[] | string> {
  const host = bareHost(url)
  const kind = isIP(host)
  const all = kind === 0 ? await unlessAborted(resolve(host, near), signal) : [{ address: host, family: kind }]
  const refusals = all.map(({ address }) => addressRefusal(address, near))
  const fine = all.filter((_, i) => refusals[i] === null)
  if (fine.length > 0) return fine
  return all.length === 0 ? `${host} has no address.` : `${host} may not be told: ${refusals[0]}`
}

function send(
  url: URL,
  addresses: readonly Resolved[],
  { headers, body, signal }: Pick<Post, 'headers' | 'body'> & { signal: AbortSignal },
  late: () => Answer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body)
    const request: ClientRequest = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      // A connection for each: what was looked at is what is used.
      agent: false,
      lookup: pinnedTo(addresses),
      // Of an address Node.js sends none.
      ...(isIP(bareHost(url)) === 0 ? { servername: url.hostname.replace(/\.$/, '') } : {}),
      headers: { ...headers, 'content-length': String(bytes.length), 'user-agent': 'trotline', connection: 'close' },
      maxHeaderSize: 16_384,
      signal,
    })
    let answered = (): boolean => false
    request.on('error', error => {
      if (!answered()) signal.aborted ? settle(late) : reject(error)
    })
    // An answer to no question of ours: where nobody listens, such a request ends without an error.
    request.on('upgrade', (_, socket) => {
      socket.destroy()
      resolve({ status: null, why: 'It answered with a change of protocol.' })
    })
    request.on('response', response => {
      const { statusCode: status = 0 } = response
      if (status < 100) {
        resolve({ status: null, why: 'It answered with a number that is no status of HTTP.' })
        request.destroy()
        return
      }
      const chunks: Buffer[] = []
      let size = 0
      // The status is the answer: a body that stays away, or does not end, changes nothing.
      const done = (): void => {
        const words = wordsOf(Buffer.concat(chunks).subarray(0, MOST_ANSWER_BYTES))
        resolve({ status, words, retryAfterMs: retryAfterOf(response.headers['retry-after']) })
        request.destroy()
      }
      answered = () => {
        done()
        return true
      }
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size >= MOST_ANSWER_BYTES) done()
      })
      response.on('end', done)
      response.on('error', done)
      response.on('aborted', done)
    })
    request.end(bytes)

    function settle(answer: () => Answer): void {
      try {
        resolve(answer())
      } catch (error) {
        reject(error)
      }
    }
  })
}

const pinnedTo =
  (addresses: readonly Resolved[]): LookupFunction =>
  (_name, options, callback) => {
    const [first] = addresses
    if (options.all) callback(null, [...addresses])
    else callback(null, first?.address ?? '', first?.family ?? 4)
  }

function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    answer.then(resolve, reject)
  })
}

/** One line of what can be read. */
function wordsOf(bytes: Buffer): string {
  const text = bytes
    .toString('utf8')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
  return text.length > MOST_WORDS ? `${text.slice(0, MOST_WORDS)}…` : text
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterOf(text: string | undefined): number | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - Date.now())
}

const SENTENCES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'is not known: its name cannot be looked up.',
  EAI_AGAIN: 'cannot be looked up now: the name service does not answer.',
  ECONNREFUSED: 'takes no connections at that port.',
  ECONNRESET: 'closed the connection without an answer.',
  EPIPE: 'closed the connection without an answer.',
  EHOSTUNREACH: 'cannot be reached from here.',
  ENETUNREACH: 'cannot be reached from here.',
  ETIMEDOUT: 'takes too long to connect to.',
  HPE_HEADER_OVERFLOW: 'answers with headers that are too long.',
  CERT_HAS_EXPIRED: 'has a certificate that has expired.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate that nobody vouches for.',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate that nobody vouches for.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate that nobody vouches for.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has the certificate of another host.',
}

/** Never the error's own text, which may have the address, and with it a secret, in it. */
function sentenceOf(error: unknown, { host }: URL): string {
  // Several addresses were tried: the first tells.
  const first = error instanceof AggregateError ? error.errors[0] : error
  const code = first instanceof Error && 'code' in first ? String(first.code) : ''
  return `${host} ${SENTENCES[code] ?? `cannot be told (${code || 'no code'}).`}`
}
