// The server as this command line asks it: with the token, through the proxy, and with every fault a CliError: an answered problem with its
// status, or "could not ask", which is never shown as an answer.
import { type Client, type CouldNotAsk, createClient, type Fault, Refused } from '@trotline/client'
import { Problem } from '@trotline/contracts'
import { CliError } from '../errors.ts'
import type { Route } from './proxies.ts'

/** Calls by path and method; their answers have the types of the API's description. */
export type Api = Client

const SLOW_AFTER_MS = 300

export function createApi(options: {
  url: URL
  /** null: asked without one, as /readyz is. */
  token: string | null
  interrupt: AbortSignal
  userAgent: string
  route: Route
  /** Told when an answer takes long, and when the wait is over. */
  onSlow: (asking: boolean) => void
}): Api {
  const { url, token, interrupt, userAgent, route, onSlow } = options
  return createClient({
    baseUrl: url.href,
    token,
    headers: { 'user-agent': userAgent },
    signal: interrupt,
    keyPrefix: 'cli-',
    async fetch(address, sent) {
      const slow = setTimeout(() => onSlow(true), SLOW_AFTER_MS)
      try {
        return await route.fetch(new URL(address), sent)
      } finally {
        clearTimeout(slow)
        onSlow(false)
      }
    },
    fault: fault => cliError(fault, url, interrupt, route.proxyOf(url)),
  })
}

function cliError(fault: Fault, url: URL, interrupt: AbortSignal, proxy: string | null): CliError {
  if (fault instanceof Refused) {
    const { problem, status } = fault
    // Fields that a newer server adds are let through, as in answer.ts.
    const wrong = Problem.safeParse(problem).error?.issues.find(issue => issue.code !== 'unrecognized_keys')
    if (wrong !== undefined) return notTrotline(url, status, '', wrong)
    return new CliError('PROBLEM', fault.message, { problem: problem as Problem })
  }
  // Such as a proxy's address that is none.
  if (fault.cause instanceof CliError) return fault.cause
  switch (fault.reason) {
    case 'foreign':
      return foreign(fault, url)
    case 'silence':
    case 'broken-off':
      return lost(fault.cause, url, interrupt, proxy, fault.reason === 'silence' ? fault.message : null)
    default:
      return lost(fault.cause, url, interrupt, proxy)
  }
}

function foreign({ response, cause }: CouldNotAsk, url: URL): CliError {
  const { status = 0, statusText = '', headers } = response ?? {}
  if (status >= 300 && status < 400) {
    const to = headers?.get('location') ?? 'elsewhere'
    return new CliError('COULD_NOT_ASK', `Could not ask ${url.host}: it points to ${to}.`, {
      fix: ['Set TROTLINE_URL to the address the server itself answers on.'],
    })
  }
  return notTrotline(url, status, statusText, cause)
}

const notTrotline = (url: URL, status: number, statusText: string, cause: unknown): CliError =>
  new CliError(
    'COULD_NOT_ASK',
    `Could not ask ${url.host}: the answer (${`${status} ${statusText}`.trim()}) is not Trotline's. Perhaps a proxy spoke.`,
    { cause, foreign: status },
  )

/** Faults that happen before a byte of the request leaves. */
const UNSENT: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up now',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within its time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate cannot be verified',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate cannot be verified',
  PROXY_REFUSED: 'the proxy does not let it through',
}
/** fetch refuses some ports, such as 1, before it tries. */
const BAD_PORT = 'bad port'

const LOST: Record<string, string> = {
  ECONNRESET: 'connection reset',
  UND_ERR_SOCKET: 'connection closed',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'no answer in time',
}

/** @param words in place of what the error says of itself; null: it tells */
export function lost(
  error: unknown,
  url: URL,
  interrupt: AbortSignal,
  proxy: string | null = null,
  words: string | null = null,
): CliError {
  if (interrupt.aborted) return interrupted(error)
  const code = codeOf(error)
  const unsent = code === null ? wordsOf(error) === BAD_PORT : UNSENT[code] !== undefined
  const timedOut = error instanceof Error && error.name === 'TimeoutError'
  const why =
    words ?? (timedOut ? 'no answer in time' : ((code && (UNSENT[code] ?? LOST[code] ?? code)) ?? wordsOf(error)))
  const through = proxy === null ? '' : `, via proxy ${proxy}`
  return new CliError('COULD_NOT_ASK', `Could not ask ${url.host} (${why}${through}).`, {
    unsent,
    cause: error,
    fix: ['Try again; the same command is safe to repeat.'],
  })
}

export const interrupted = (cause?: unknown): CliError =>
  new CliError('INTERRUPTED', 'Interrupted.', cause === undefined ? {} : { cause })

/** fetch wraps the socket's error, and with two addresses (::1, 127.0.0.1) wraps both in an AggregateError. */
function codeOf(error: unknown): string | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code
    if (at instanceof AggregateError) return codeOf(at.errors[0])
  }
  return null
}

const wordsOf = (error: unknown): string => {
  const innermost = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return innermost instanceof Error ? innermost.message : String(innermost)
}
