// Runs an installer, or pip: in a session and process group of its own, so that all of it ends when it has to, with its lines in the
// log and the locks handed to it. Where the maker is killed, setpriv(1) of util-linux has the kernel tell `timeout`, which ends the
// group; until it has ended it holds the locks. Without setpriv it runs on, at most to the build's time limit.
import { type ChildProcess, spawn } from 'node:child_process'
import { dirname } from 'node:path'
import type { HeldLock } from './build-lock.ts'
import type { BuildLog } from './build-log.ts'
import type { InstallerEnd } from './installer-failure.ts'

const GRACE_MS = 10_000
const SETPRIV = '/usr/bin/setpriv'
/** What a program left running may still write, once it has ended itself. */
const DRAIN_MS = 2000

export interface ProgramOrder {
  argv: readonly string[]
  env: Readonly<Record<string, string>>
  cwd: string
  seconds: number
  locks: readonly HeldLock[]
  log: BuildLog
}

/** @throws whatever `signal` was aborted with, when all of the program's group has ended */
export async function runProgram(order: ProgramOrder, signal: AbortSignal): Promise<InstallerEnd> {
  signal.throwIfAborted()
  const { argv, env, cwd, seconds, locks, log } = order
  const limited = ['timeout', `--kill-after=${GRACE_MS / 1000}`, `${Math.ceil(seconds)}`, ...argv]
  const [program = '', ...rest] = (await tellsOfDeath()) ? [SETPRIV, '--pdeathsig', 'TERM', ...limited] : limited
  signal.throwIfAborted()
  const child = spawn(program, rest, {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...locks.map(lock => lock.descriptor)],
  })
  child.stdout?.on('data', piece => log.take(piece))
  child.stderr?.on('data', piece => log.take(piece))
  let kill: NodeJS.Timeout | undefined
  const stop = (): void => {
    toGroup(child, 'SIGTERM')
    kill = setTimeout(() => toGroup(child, 'SIGKILL'), GRACE_MS)
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    const [code, ended] = await endOf(child)
    // What it started and left behind writes into the prefix otherwise, while that is looked at.
    toGroup(child, 'SIGKILL')
    signal.throwIfAborted()
    return { code: codeOf(code), signal: ended ?? signalOf(code), tail: log.tail() }
  } finally {
    clearTimeout(kill)
    signal.removeEventListener('abort', stop)
  }
}

/** util-linux 2.33 of 2018 and later. The signal is that of the death of the thread that started it: libuv starts from the main one. */
const tellsOfDeath = (): Promise<boolean> => {
  asked ??= ask([SETPRIV, '--pdeathsig', 'TERM', 'true'], { PATH: '/usr/bin:/bin' }, 5000).then(
    said => said?.code === 0,
  )
  return asked
}
let asked: Promise<boolean> | undefined

function toGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, name)
  } catch {
    // The last of it has ended.
  }
}

function endOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      const drained = setTimeout(() => {
        child.stdout?.destroy()
        child.stderr?.destroy()
      }, DRAIN_MS)
      child.once('close', () => {
        clearTimeout(drained)
        resolve([code, signal])
      })
    })
  })
}

// timeout(1) ends as its program did: 128 + n where that was ended by signal n.
const codeOf = (code: number | null): number | null => (signalOf(code) === null ? code : null)
const signalOf = (code: number | null): string | null =>
  code === 137 ? 'SIGKILL' : code === 143 ? 'SIGTERM' : code === 139 ? 'SIGSEGV' : code === 134 ? 'SIGABRT' : null

export interface Said {
  code: number | null
  text: string
}

const MOST_SAID = 65_536

/** A program's answer to a question such as `--version`; null: it could not be started, or did not answer in time. */
export function ask(
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  limitMs: number,
): Promise<Said | null> {
  return new Promise(resolve => {
    const child = spawn(argv[0], argv.slice(1), {
      cwd: dirname(argv[0]),
      env: { ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let text = ''
    child.stdout?.on('data', piece => {
      if (text.length < MOST_SAID) text += `${piece}`
    })
    const late = setTimeout(() => {
      toGroup(child, 'SIGKILL')
      child.stdout?.destroy()
      resolve(null)
    }, limitMs)
    child.once('error', () => {
      clearTimeout(late)
      resolve(null)
    })
    child.once('close', code => {
      clearTimeout(late)
      resolve({ code, text })
    })
  })
}
