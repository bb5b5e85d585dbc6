// One GET to a channel, with limits: how long it may be silent, how often it may send us elsewhere and where to, and who is told the password.
import { lookup } from 'node:dns'
import { type Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { SolveError } from '../solve-error.ts'
import { channelAway, channelGarbage, networkFault } from './channel-faults.ts'
import { isWithin, type Sphere, sphereOf, wider } from './spheres.ts'

const MOST_REDIRECTS = 5

export interface GetOptions {
  /** For sentences: `The channel main (https://…)`. */
  who: string
  headers: Readonly<Record<string, string>>
  /** Sent to that origin only, wherever redirects lead. */
  credentials: { origin: string; authorization: string } | null
  signal: AbortSignal
  /** In milliseconds without a byte. */
  silenceMs: number
  agents: Agents
  /** The narrowest that it may lie in. Wherever it sends on to must not be narrower than where it lies itself. */
  within: Sphere
  sphereOf?: (address: string) => Sphere
}

export interface Agents {
  http: HttpAgent
  https: HttpsAgent
}

/**
 * The answer that is no redirect; its body has not been read yet, and has to be read or destroyed.
 *
 * @throws SolveError CHANNEL_AWAY, CHANNEL_GARBAGE; the signal's reason where it was aborted
 */
export async function httpGet(url: string, options: GetOptions): Promise<IncomingMessage> {
  let at = new URL(url)
  let within = options.within
  for (let turns = 0; ; turns++) {
    const { answer, sphere } = await askTwice(at, { ...options, within })
    const { statusCode = 0, headers } = answer
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return answer
    within = wider(within, sphere)
    answer.destroy()
    if (turns === MOST_REDIRECTS) throw channelGarbage(options.who, `it sends on more than ${MOST_REDIRECTS} times`)
    at = redirected(at, headers.location, options.who)
  }
}

/** @throws SolveError CHANNEL_GARBAGE for what is not followed */
export function redirected(from: URL, location: string, who: string): URL {
  // URL.parse came with Node.js 22.
  const to = URL.canParse(location, from.href) ? new URL(location, from) : null
  if (to === null || !/^https?:$/.test(to.protocol))
    throw channelGarbage(who, 'it sends on to something that is no http or https address')
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw channelGarbage(who, `it sends on from https to http (${to.host}), which is not followed`)
  // A password in an address would be sent as a header.
  to.username = ''
  to.password = ''
  return to
}

interface Answer {
  answer: IncomingMessage
  /** Where it came from. */
  sphere: Sphere
}

/** A connection that was kept may have been closed by the other side just now. */
async function askTwice(url: URL, options: GetOptions): Promise<Answer> {
  const first = await ask(url, options)
  if (!('stale' in first)) return first
  const second = await ask(url, options)
  if ('stale' in second) throw networkFault(options.who, second.stale)
  return second
}

function ask(url: URL, options: GetOptions): Promise<Answer | { stale: unknown }> {
  const { who, headers, credentials, signal, silenceMs, agents, within } = options
  const secure = url.protocol === 'https:'
  const { sphereOf: sphereAt = sphereOf } = options
  const isFine = (address: string): boolean => isWithin(sphereAt(address), within)
  const tooNear = (): SolveError =>
    channelGarbage(who, `it leads to ${url.host}, which lies nearer to this server than a channel may lead it`)
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    // What is an address already is not looked up.
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !isFine(host)) throw tooNear()
    const request = (secure ? httpsRequest : httpRequest)(url, {
      agent: secure ? agents.https : agents.http,
      headers: {
        'user-agent': 'trotline',
        ...headers,
        ...(credentials?.origin === url.origin ? { authorization: credentials.authorization } : {}),
      },
      maxHeaderSize: 32_768,
      lookup: lookupAmong(isFine, tooNear),
      signal,
    })
    // Where nobody can tell where an answer came from, it leads to no place that not everybody can reach.
    let sphere: Sphere = 'public'
    request.on('socket', socket => {
      const connected = (): void => {
        const { remoteAddress } = socket
        if (remoteAddress === undefined) return
        sphere = sphereAt(remoteAddress)
        // A connection that was kept was looked up for another question.
        if (!isFine(remoteAddress)) request.destroy(tooNear())
      }
      if (socket.connecting) socket.once('connect', connected)
      else connected()
    })
    let answer: IncomingMessage | null = null
    // Counts from the last byte in either direction, the body's included.
    request.setTimeout(silenceMs, () => {
      const silent = channelAway(who, `nothing has come for ${Math.round(silenceMs / 1000)} s`)
      // A request that is destroyed tells whoever reads the body of a lost connection only.
      if (answer === null) request.destroy(silent)
      else answer.destroy(silent)
    })
    request.on('error', error => {
      const { code } = error as NodeJS.ErrnoException
      if (signal.aborted) reject(signal.reason)
      else if (request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')) resolve({ stale: error })
      else reject(networkFault(who, error))
    })
    request.on('response', response => {
      answer = response
      resolve({ answer: response, sphere })
    })
    // An answer to no question of ours: where nobody listens, such a request ends without an error, and would be waited for for ever.
    request.on('upgrade', (_, socket) => {
      socket.destroy()
      reject(channelGarbage(who, 'it answers with a change of protocol (status 101)'))
    })
    request.end()
  })
}

/** As the system looks names up, and of what it finds only those addresses that are fine: looked at here, they cannot be others when they are used. */
function lookupAmong(isFine: (address: string) => boolean, refusal: () => Error): LookupFunction {
  return (name, options, callback) =>
    lookup(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '', 0)
      const fine = found.filter(({ address }) => isFine(address))
      const [first] = fine
      if (first === undefined) callback(refusal(), '', 0)
      else if (options.all) callback(null, fine)
      else callback(null, first.address, first.family)
    })
}
