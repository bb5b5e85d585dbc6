// Everything a command needs, built once from flags and settings. Flags win; what is missing is said with the way to get it.
import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type Client, createClient } from './api/client.ts'
import { createApi } from './api/exchange.ts'
import { createRoute } from './api/proxies.ts'
import { createNameCache } from './completion/name-cache.ts'
import { type Configuration, readConfiguration } from './configuration/configuration.ts'
import { type Token, tokenOf } from './configuration/token.ts'
import { CliError } from './errors.ts'
import { createOutput, type Output, type Stream } from './output.ts'
import type { Settings } from './settings.ts'
import { version } from './version.ts'

export type Flags = {
  url?: string
  tokenFile?: string
  json?: boolean
  quiet?: boolean
  /** commander's form of --no-color. */
  color?: boolean
  patience?: number
}

export type Process = {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?(raw: boolean): unknown }
  stdout: Stream
  stderr: Stream
  settings: Settings
  cwd: string
  /** Ctrl-C. */
  interrupt: AbortSignal
}

export type Context = {
  /** Built when it is first asked for: a command that needs no server never looks for one. @throws CliError NO_SERVER, NO_TOKEN */
  readonly client: Client
  out: Output
  patienceMs: number
  interrupt: AbortSignal
  stdin: Process['stdin']
  cwd: string
  settings: Settings
  configuration: Configuration
  /** @throws CliError NO_SERVER, or USAGE where it is no address */
  server(): URL
  /** null: there is none. @throws CliError where it cannot be used */
  token(): Token | null
  /** Asks with another token, or with none. */
  clientWith(token: string | null): Client
}

export const outputOf = (host: Process, flags: Flags): Output =>
  createOutput({
    stdout: host.stdout,
    stderr: host.stderr,
    settings: { ...host.settings, colour: host.settings.colour && flags.color !== false },
    json: flags.json === true,
    quiet: flags.quiet === true,
  })

export function createContext(host: Process, flags: Flags): Context {
  const { settings, cwd, interrupt } = host
  const out = outputOf(host, flags)
  const { url, tokenFile, patience } = flags
  const configuration = readConfiguration(settings, cwd, { url, tokenFile, patience })
  const server = (): URL => serverOf(configuration.of('url')?.value ?? null, cwd)
  const token = (): Token | null => tokenOf(settings, configuration, server(), out.say)
  const clientWith = (value: string | null): Client => {
    const at = server()
    const api = createApi({
      url: at,
      token: value,
      interrupt,
      userAgent: `trotline-cli/${version()}`,
      route: createRoute(settings),
      onSlow: asking => out.waiting(asking ? out.sayStyle.dim(`asking ${at.host} ${out.sayStyle.dots}`) : null),
    })
    return createClient(api, at.host, createNameCache(settings.cacheHome, at))
  }
  let client: Client | null = null
  return {
    get client() {
      client ??= clientWith((token() ?? noToken(cwd)).value)
      return client
    },
    out,
    patienceMs: patienceSeconds(configuration) * 1000,
    interrupt,
    stdin: host.stdin,
    cwd,
    settings,
    configuration,
    server,
    token,
    clientWith,
  }
}

function patienceSeconds(configuration: Configuration): number {
  const { value, origin } = configuration.of('patience') ?? { value: '60', origin: '' }
  if (/^[1-9][0-9]{0,8}$/.test(value)) return Number(value)
  throw new CliError('USAGE', `${origin} is "${value}": patience is a whole number of seconds from 1.`)
}

function serverOf(text: string | null, cwd: string): URL {
  if (text === null) {
    throw new CliError('NO_SERVER', 'No server: TROTLINE_URL is not set.', {
      facts: ['The quickstart writes it, with TROTLINE_TOKEN, to .local/env.sh in the checkout.'],
      fix: [
        loadSettings(cwd),
        'or name another server: --url https://trotline.example.org',
        'or for good: trotline config set url https://trotline.example.org',
      ],
    })
  }
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new CliError('USAGE', `"${text}" is not a server's address.`, {
      fix: ['It begins with http:// or https:// and holds no user or password: http://127.0.0.1:8080'],
    })
  }
  url.search = ''
  url.hash = ''
  return url
}

function noToken(cwd: string): never {
  throw new CliError('NO_TOKEN', 'No token: TROTLINE_TOKEN is not set.', {
    facts: ['The quickstart writes it, with TROTLINE_URL, to .local/env.sh in the checkout.'],
    fix: [
      loadSettings(cwd),
      'or let it be kept for this server: trotline login',
      'or keep it in a file of mode 0600: --token-file FILE',
    ],
  })
}

/** The line that loads the quickstart's settings, with the path as seen from here where there is such a file. */
export function loadSettings(cwd: string): string {
  for (let at = cwd; ; at = dirname(at)) {
    const file = join(at, '.local', 'env.sh')
    if (existsSync(file)) return `. ${at === cwd ? './.local/env.sh' : relative(cwd, file)}`
    if (dirname(at) === at) return '. ./.local/env.sh'
  }
}
