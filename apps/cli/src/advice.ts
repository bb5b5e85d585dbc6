// What only this side knows of an error, as pairs under its sentence, and what follows from it to do: where the token came from that the
// server does not know, and which way it was asked that does not answer.
import { createRoute } from './api/proxies.ts'
import { tokensFile } from './configuration/token-store.ts'
import type { Context } from './context.ts'
import { CliError } from './errors.ts'

type Known = Pick<Context, 'configuration' | 'server' | 'token' | 'settings'>

export function withAdvice(error: unknown, context: Known): unknown {
  if (!(error instanceof CliError)) return error
  if (error.problem?.status === 401) return ofToken(error, context)
  return error.options.unsent === true ? ofWay(error, context) : error
}

const pair = (label: string, text: string): string => `${label.padEnd(9)}${text}`

function serverPair({ server, configuration }: Known): string {
  return pair('server', `${server().href.replace(/\/$/, '')}, from ${configuration.of('url')?.origin}`)
}

/** `login` tries a token that is kept nowhere yet. */
function ofToken(error: CliError, context: Known): CliError {
  const token = error.options.failed === 'Not logged in' ? null : context.token()
  if (token === null) return error.with({ facts: [serverPair(context)] })
  const { origin } = token
  const kept = origin === tokensFile(context.settings.configHome)
  const fix = kept
    ? ['trotline login']
    : origin === 'TROTLINE_TOKEN'
      ? [
          'Set TROTLINE_TOKEN to your token of this server.',
          'Or take it out, and have one kept for each server: trotline login',
        ]
      : [`Put your token of this server into ${origin}.`]
  return error.with({ facts: [pair('token', `from ${origin}`), serverPair(context)], fix })
}

/** Nothing of the request has left: either there is nobody at that address, or the proxy before it does not let it through. */
function ofWay(error: CliError, context: Known): CliError {
  const { facts = [], fix = [] } = error.options
  const server = context.server()
  const proxy = createRoute(context.settings).proxyOf(server)
  const said = [...facts, serverPair(context)]
  if (proxy === null) return error.with({ facts: said, fix: [...fix, 'If it stays away: trotline doctor'] })
  const variable = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  return error.with({
    facts: [
      ...said,
      pair('proxy', `${proxy}, from ${variable} or ALL_PROXY`),
      ...(NO_CONNECTION.has(codeOf(error) ?? '')
        ? ['It is the proxy that could not be had; whether the server is there is not known.']
        : []),
    ],
    fix: [...fix, `If the server is reached without a proxy: NO_PROXY=${server.hostname}`],
  })
}

/** The proxy is asked first, so what keeps a connection from standing is about the proxy. */
const NO_CONNECTION = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

function codeOf(error: unknown): string | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (!(at instanceof CliError) && 'code' in at && typeof at.code === 'string') return at.code
    if (at instanceof AggregateError) return codeOf(at.errors[0])
  }
  return null
}
