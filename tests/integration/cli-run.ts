// Runs the command line as people do: a child process with its own streams, exit code and, where asked, a terminal.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type ContractServer, TOKEN } from './cli-contract-server.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

// One bundle for all runs: compiling and loading every module anew for each child would be most of the time.
// It lies as dist/main.js beside the package.json and the bin that it has in the room.
const HOME = mkdtempSync(join(tmpdir(), 'trotline-cli-'))
cpSync(join(ROOT, 'apps/cli/package.json'), join(HOME, 'package.json'))
cpSync(join(ROOT, 'apps/cli/bin'), join(HOME, 'bin'), { recursive: true })
await build({
  entryPoints: [join(ROOT, 'apps/cli/src/main.ts'), join(ROOT, 'apps/cli/src/complete.ts')],
  outdir: join(HOME, 'dist'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  conditions: ['@trotline/source'],
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
  logLevel: 'error',
})
after(() => rmSync(HOME, { recursive: true, force: true }))
export const COMMAND = [process.execPath, join(HOME, 'bin/trotline.js')]

/** `script` is there and can make a pseudo-terminal (a bare chroot has none). */
export const hasTerminal = spawnSync('/usr/bin/script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0

const HANG_MS = 120_000

export type Ran = { code: number | null; stdout: string; stderr: string /** stdout, undecoded. */; bytes: Buffer }
export type Running = {
  ended: Promise<Ran>
  /** Resolves once stderr or stdout holds the text. */
  says(text: string): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Into its terminal, or its stdin that was left open. */
  type(text: string): void
}

type Options = {
  env?: Record<string, string>
  input?: string
  /** Through `script`, so that stdin, stdout and stderr are one terminal of this many columns. */
  columns?: number
}

export function start(server: Pick<ContractServer, 'url'>, argv: readonly string[], options: Options = {}): Running {
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME,
    LANG: 'C.UTF-8',
    TERM: 'xterm',
    TROTLINE_URL: server.url,
    TROTLINE_TOKEN: TOKEN,
    ...options.env,
  }
  const quoted = [...COMMAND, ...argv].map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const [file = '', ...rest] =
    options.columns === undefined
      ? [...COMMAND, ...argv]
      : ['/usr/bin/script', '-qec', `stty cols ${options.columns}; exec ${quoted}`, '/dev/null']
  const child = spawn(file, rest, { cwd: ROOT, env, timeout: HANG_MS, killSignal: 'SIGKILL' })
  const heard = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  const parts: Buffer[] = []
  for (const name of ['stdout', 'stderr'] as const) {
    const decoder = new TextDecoder()
    child[name].on('data', (part: Buffer) => {
      if (name === 'stdout') parts.push(part)
      heard[name] += decoder.decode(part, { stream: true })
      for (const listener of listeners) listener()
    })
  }
  child.stdin.on('error', () => {})
  if (options.columns === undefined) child.stdin.end(options.input ?? '')
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code, ...heard, bytes: Buffer.concat(parts) }))
  })
  return {
    ended,
    says: text =>
      new Promise((resolve, reject) => {
        const fail = (what: string) => reject(new Error(`${what} "${text}":\n${heard.stderr}\n${heard.stdout}`))
        const timer = setTimeout(() => fail(`not within ${HANG_MS} ms:`), HANG_MS)
        const check = () => {
          if (!`${heard.stderr}${heard.stdout}`.includes(text)) return
          listeners.delete(check)
          clearTimeout(timer)
          resolve()
        }
        listeners.add(check)
        child.on('close', () => {
          clearTimeout(timer)
          fail('ended without')
        })
        check()
      }),
    kill: signal => void child.kill(signal),
    type: text => void child.stdin.write(text),
  }
}

export const run = (server: Pick<ContractServer, 'url'>, argv: readonly string[], options?: Options): Promise<Ran> =>
  start(server, argv, options).ended

export function requestFile(text: string): string {
  const file = join(HOME, 'auto-mpg.yml')
  writeFileSync(file, text)
  return file
}

export const REQUEST_YAML = `name: auto-mpg
cluster: local
resources:
  partition: shared
  cpus: 2
  memoryMiB: 4096
  timeLimitMinutes: 30
training:
  kind: preset
  preset: auto-mpg
  epochs: 20
`

/** The committed bin without a dist/ beside it. */
export function runUnbuilt(): Promise<{ code: number | null; stderr: string }> {
  cpSync(join(HOME, 'bin'), join(HOME, 'unbuilt/bin'), { recursive: true })
  cpSync(join(HOME, 'package.json'), join(HOME, 'unbuilt/package.json'))
  const child = spawn(process.execPath, [join(HOME, 'unbuilt/bin/trotline.js')])
  let stderr = ''
  child.stderr.on('data', part => {
    stderr += part
  })
  return new Promise(resolve => child.on('close', code => resolve({ code, stderr })))
}
