// Everything a command needs, built once from flags and settings. Flags win; what is missing is said with the way to get it.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type Client, createClient } from './api/client.ts'
import { createExchange } from './api/exchange.ts'
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
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: Stream
  stderr: Stream
  settings: Settings
  cwd: string
  /** Ctrl-C. */
  interrupt: AbortSignal
}

export type Context = {
  client: Client
  out: Output
  patienceMs: number
  interrupt: AbortSignal
  stdin: Process['stdin']
}

const DEFAULT_PATIENCE_SECONDS = 60

export const outputOf = (host: Process, flags: Flags): Output =>
  createOutput({
    stdout: host.stdout,
    stderr: host.stderr,
    settings: { ...host.settings, colour: host.settings.colour && flags.color !== false },
    json: flags.json === true,
    quiet: flags.quiet === true,
  })

export function createContext(host: Process, flags: Flags): Context {
  const out = outputOf(host, flags)
  const url = serverOf(flags.url ?? host.settings.url, host.cwd)
  const token = tokenOf(flags, host, out)
  const exchange = createExchange({
    url,
    token,
    interrupt: host.interrupt,
    userAgent: `trotline-cli/${version()}`,
    onSlow: asking => out.waiting(asking ? out.sayStyle.dim(`asking ${url.host} ${out.sayStyle.dots}`) : null),
  })
  return {
    client: createClient(exchange, url.host),
    out,
    patienceMs: (flags.patience ?? DEFAULT_PATIENCE_SECONDS) * 1000,
    interrupt: host.interrupt,
    stdin: host.stdin,
  }
}

function serverOf(text: string | null, cwd: string): URL {
  if (text === null) {
    throw new CliError('NO_SERVER', 'No server: TROTLINE_URL is not set.', {
      facts: ['The quickstart writes it, with TROTLINE_TOKEN, to .local/env.sh in the checkout.'],
      fix: [loadSettings(cwd), 'or name another server: --url https://trotline.example.org'],
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

function tokenOf(flags: Flags, host: Process, out: Output): string {
  const token = flags.tokenFile === undefined ? host.settings.token : readToken(flags.tokenFile, out)
  if (token === null) {
    throw new CliError('NO_TOKEN', 'No token: TROTLINE_TOKEN is not set.', {
      facts: ['The quickstart writes it, with TROTLINE_URL, to .local/env.sh in the checkout.'],
      fix: [loadSettings(host.cwd), 'or keep it in a file of mode 0600: --token-file FILE'],
    })
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CliError('NO_TOKEN', 'The token holds spaces or characters that no token has.', {
      fix: ['Look at TROTLINE_TOKEN or the token file: one line, nothing else.'],
    })
  }
  return token
}

function readToken(file: string, out: Output): string {
  try {
    const token = readFileSync(file, 'utf8').trim()
    const mode = statSync(file).mode & 0o777
    if ((mode & 0o077) !== 0) out.say(`Others can read ${file} (mode ${mode.toString(8)}): chmod 600 ${file}`)
    return token
  } catch (cause) {
    throw new CliError('USAGE', `The token file ${file} cannot be read.`, { cause })
  }
}

/** The line that loads the quickstart's settings, with the path as seen from here where there is such a file. */
export function loadSettings(cwd: string): string {
  for (let at = cwd; ; at = dirname(at)) {
    const file = join(at, '.local', 'env.sh')
    if (existsSync(file)) return `. ${at === cwd ? './.local/env.sh' : relative(cwd, file)}`
    if (dirname(at) === at) return '. ./.local/env.sh'
  }
}
