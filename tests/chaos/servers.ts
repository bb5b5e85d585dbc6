// The server processes of a run: each on a port of its own, each behind a link of its own, and started again when it dies,
// as systemd would. A fault may stop one, kill it, freeze it, or have it die at a named point of its own code.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { CrashPoint } from '../../apps/orchestrator/src/index.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const RESTART_MS = 500
const READY_LIMIT_MS = 150_000

export interface ServerSeat {
  readonly index: number
  readonly port: number
  readonly url: string
  readonly pid: number | null
  /** How often a process of this seat was started. */
  readonly starts: number
  /** Starts it where it does not run, and keeps it running from now on. */
  start(options?: { crashAt?: CrashPoint }): Promise<void>
  /** Ends it and leaves it ended. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** A signal out of the blue: what dies of it is started again. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): boolean
  /** Resolves when the present process has ended; answers the signal it died of. */
  ended(limitMs: number): Promise<NodeJS.Signals | 'exit' | 'lives'>
}

export interface SeatOptions {
  index: number
  port: number
  folder: string
  configuration: unknown
  /** In front of the test's own entry point: a defence switched off (defences/). */
  nodeArguments?: readonly string[]
  settings?: Readonly<Record<string, string>>
}

export async function createSeat(options: SeatOptions): Promise<ServerSeat> {
  const { index, port, folder, nodeArguments = [], settings = {} } = options
  const file = join(folder, `trotline-${index}.yaml`)
  const logFile = join(folder, `server-${index}.log`)
  const url = `http://127.0.0.1:${port}`
  await writeFile(file, stringify(options.configuration), { mode: 0o600 })
  let child: ChildProcess | null = null
  let exited: Promise<NodeJS.Signals | 'exit'> = Promise.resolve('exit')
  let wanted = false
  let starts = 0

  function launch(crashAt: CrashPoint | null): void {
    const out = openSync(logFile, 'a')
    const { TROTLINE_CRASH_AT: _, NODE_TEST_CONTEXT: __, ...own } = process.env
    const started = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--conditions=@trotline/source',
        ...nodeArguments,
        join(ROOT, 'tests/support/orchestrator-process.ts'),
        file,
      ],
      {
        cwd: ROOT,
        stdio: ['ignore', out, out],
        env: { ...own, ...settings, ...(crashAt === null ? {} : { TROTLINE_CRASH_AT: crashAt }) },
      },
    )
    closeSync(out)
    starts++
    child = started
    exited = new Promise(done => started.once('exit', (_code, signal) => done(signal ?? 'exit')))
    void exited.then(async () => {
      if (child === started) child = null
      await sleep(RESTART_MS)
      if (wanted && child === null) launch(null)
    })
  }

  async function ready(): Promise<void> {
    for (const endMs = Date.now() + READY_LIMIT_MS; ; await sleep(100)) {
      if (!wanted) return
      const answers = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) }).then(
        ({ ok }) => ok,
        () => false,
      )
      if (answers) return
      if (Date.now() > endMs) throw new Error(`server ${index} does not answer; its log is ${logFile}`)
    }
  }

  return {
    index,
    port,
    url,
    get pid() {
      return child?.pid ?? null
    },
    get starts() {
      return starts
    },
    async start({ crashAt } = {}) {
      wanted = crashAt === undefined
      if (child === null) launch(crashAt ?? null)
      if (wanted) await ready()
    },
    async stop(signal) {
      wanted = false
      // A frozen process takes no SIGTERM before it goes on.
      child?.kill('SIGCONT')
      child?.kill(signal)
      const hung = setTimeout(() => child?.kill('SIGKILL'), 20_000)
      await exited
      clearTimeout(hung)
    },
    signal: name => child?.kill(name) ?? false,
    async ended(limitMs) {
      const timer = new AbortController()
      const late = sleep(limitMs, 'lives' as const, { signal: timer.signal }).catch(() => 'lives' as const)
      const how = await Promise.race([exited, late])
      timer.abort()
      return how
    },
  }
}
