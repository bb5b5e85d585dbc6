// The command as a process: started, told to stop, ended. stdout and stderr are the run's own files, as the worker's.
import { type ChildProcess, spawn } from 'node:child_process'
import { endLeftovers, signalGroup, signalListeners } from './process-group.ts'

/** How it ended; `unstarted` where it never began. As a shell would put that: 127 not found, 126 not to be executed. */
export interface CommandEnd {
  exitCode: number | null
  signal: string | null
  seconds: number
  unstarted: string | null
  /** It had been told to stop by then. */
  told: boolean
}

export interface Command {
  /** Never rejects. Resolves when nothing of it runs any more. */
  ended: Promise<CommandEnd>
  /** TERM to all its processes; KILL to what is left of them `graceMs` later. */
  stop(graceMs: number): void
  /** SIGUSR2 to those of its processes that listen for it. @returns how many */
  warn(): Promise<number>
}

export interface CommandOrder {
  argv: readonly string[]
  folder: string
  variables: NodeJS.ProcessEnv
}

/** What it started and left behind has so long. */
const LEFTOVERS_MS = 2000

export function startCommand(order: CommandOrder): Command {
  const since = performance.now()
  const started = spawned(order)
  if ('unstarted' in started) {
    const ended = Promise.resolve({
      exitCode: 126,
      signal: null,
      seconds: 0,
      unstarted: started.unstarted,
      told: false,
    })
    return { ended, stop: () => undefined, warn: async () => 0 }
  }
  const { child } = started
  const group = child.pid
  let kill: NodeJS.Timeout | undefined
  let over = false
  // A worker that ends at a second TERM, or for a bug of its own, leaves no command behind.
  const onExit = (): void => void (group !== undefined && signalGroup(group, 'SIGKILL'))
  process.once('exit', onExit)

  const ended = new Promise<CommandEnd>(resolve => {
    const settle = async (end: Omit<CommandEnd, 'seconds' | 'told'>): Promise<void> => {
      if (over) return
      over = true
      const seconds = (performance.now() - since) / 1000
      const told = kill !== undefined
      clearTimeout(kill)
      if (group !== undefined) await endLeftovers(group, LEFTOVERS_MS)
      process.removeListener('exit', onExit)
      resolve({ ...end, seconds, told })
    }
    child.on('error', error => {
      // Of a process that runs it would say that a signal could not be sent.
      if (group === undefined) void settle({ ...asShell(error), signal: null })
    })
    child.on('exit', (exitCode, signal) => void settle({ exitCode, signal, unstarted: null }))
  })

  return {
    ended,
    stop(graceMs) {
      if (over || group === undefined || kill !== undefined) return
      signalGroup(group, 'SIGTERM')
      kill = setTimeout(() => signalGroup(group, 'SIGKILL'), graceMs)
    },
    warn: async () => (over || group === undefined ? 0 : signalListeners(group, 'SIGUSR2')),
  }
}

function spawned({ argv, folder, variables }: CommandOrder): { child: ChildProcess } | { unstarted: string } {
  const [program = '', ...words] = argv
  try {
    // A session of its own, and so a process group of its own. Where the worker is killed without a word Slurm ends what is left: it
    // follows processes by cgroup, or by their parents.
    const options = { cwd: folder, env: variables, detached: true } as const
    return { child: spawn(program, words, { ...options, stdio: ['ignore', 'inherit', 'inherit'] }) }
  } catch (error) {
    // E2BIG: arguments and variables together are more than the kernel takes.
    return { unstarted: (error as Error).message }
  }
}

const asShell = ({ code, message }: NodeJS.ErrnoException): { exitCode: number; unstarted: string } =>
  code === 'ENOENT'
    ? { exitCode: 127, unstarted: 'there is no such program on PATH' }
    : { exitCode: 126, unstarted: message }
