// One HTTP exchange with the server: bearer token in, a good answer out. Everything else is a CliError:
// an answered problem with its status, or "could not ask", which is never shown as an answer.
import { Problem } from '@trotline/contracts'
import { CliError } from '../errors.ts'
import type { Route } from './proxies.ts'

export type Ask = {
  method?: 'GET' | 'POST' | 'DELETE'
  /** A list stands for the same name several times. */
  query?: Readonly<Record<string, string | number | readonly string[] | undefined>>
  headers?: Readonly<Record<string, string>>
  body?: unknown
  /** Silence after which the answer counts as lost. null: the caller watches (streams). */
  timeoutMs?: number | null
  signal?: AbortSignal
  /** Statuses that are answers, too. */
  accepts?: readonly number[]
}

export type Exchange = (path: string, ask?: Ask) => Promise<Response>

const ANSWER_TIMEOUT_MS = 30_000
const SLOW_AFTER_MS = 300

export function createExchange(options: {
  url: URL
  /** null: asked without one, as /readyz is. */
  token: string | null
  interrupt: AbortSignal
  userAgent: string
  route: Route
  /** Told when an answer takes long, and when the wait is over. */
  onSlow: (asking: boolean) => void
}): Exchange {
  const { url, token, interrupt, userAgent, route, onSlow } = options
  return async (path, ask = {}) => {
    const timeoutMs = ask.timeoutMs === undefined ? ANSWER_TIMEOUT_MS : ask.timeoutMs
    const signals = [interrupt, ...(ask.signal === undefined ? [] : [ask.signal])]
    if (timeoutMs !== null) signals.push(AbortSignal.timeout(timeoutMs))
    const slow = setTimeout(() => onSlow(true), SLOW_AFTER_MS)
    try {
      const response = await route.fetch(address(url, path, ask.query), {
        method: ask.method ?? 'GET',
        // A POST that follows a redirect becomes a GET: an answer from elsewhere is no answer.
        redirect: 'manual',
        headers: {
          accept: 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          'user-agent': userAgent,
          ...(ask.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...ask.headers,
        },
        signal: AbortSignal.any(signals),
        ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body) }),
      })
      if (response.ok || ask.accepts?.includes(response.status) === true) return response
      throw await refusal(response, url)
    } catch (error) {
      throw error instanceof CliError ? error : lost(error, url, interrupt, route.proxyOf(url))
    } finally {
      clearTimeout(slow)
      onSlow(false)
    }
  }
}

function address(base: URL, path: string, query: Ask['query'] = {}): URL {
  const url = new URL(`${base.href.replace(/\/$/, '')}${path}`)
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const one of typeof value === 'object' ? value : [String(value)]) url.searchParams.append(name, one)
  }
  return url
}

async function refusal(response: Response, url: URL): Promise<CliError> {
  if (response.status >= 300 && response.status < 400) {
    const to = response.headers.get('location') ?? 'elsewhere'
    return new CliError('COULD_NOT_ASK', `Could not ask ${url.host}: it points to ${to}.`, {
      fix: ['Set TROTLINE_URL to the address the server itself answers on.'],
    })
  }
  const text = await response.text()
  try {
    const problem = Problem.loose().parse(JSON.parse(text))
    return new CliError('PROBLEM', problem.detail, { problem })
  } catch (cause) {
    return new CliError(
      'COULD_NOT_ASK',
      `Could not ask ${url.host}: the answer (${response.status} ${response.statusText}) is not Trotline's. Perhaps a proxy spoke.`,
      { cause },
    )
  }
}

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

export function lost(error: unknown, url: URL, interrupt: AbortSignal, proxy: string | null = null): CliError {
  if (interrupt.aborted) return interrupted(error)
  const code = codeOf(error)
  const unsent = code === null ? wordsOf(error) === BAD_PORT : UNSENT[code] !== undefined
  const timedOut = error instanceof Error && error.name === 'TimeoutError'
  const why = timedOut ? 'no answer in time' : ((code && (UNSENT[code] ?? LOST[code] ?? code)) ?? wordsOf(error))
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
