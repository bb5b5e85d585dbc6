// One background process of the local cluster: started, waited for, recorded by pid and start time, stopped.
// Which daemons there are, and in which order, is in daemons.ts.

import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeployError } from '../errors.ts'
import { readJson, writeWhole } from './folders.ts'
import { argumentsOf, environmentOf, isAlive, listProcesses, type ProcessEntry, type ProcessRecord } from './proc.ts'
import { cleanSettings, requireProgram, startDetached, stopProcess } from './programs.ts'

export interface Daemon {
  name: string
  /** Names of daemons that must be ready first. */
  needs: readonly string[]
  argv: readonly string[]
  /** The part of the arguments, joined by spaces, that holds a path of this home and no port: no other daemon has it. */
  mark: string
  /** Read by the daemon at its start only: when their content differs from what it was started with, it is started anew. */
  configFiles: readonly string[]
  settings?: Record<string, string>
  recordFile: string
  /** The first takes the process's own output. */
  logFiles: readonly [string, ...string[]]
  readyWithinSeconds: number
  before?: () => Promise<void>
  ready: () => Promise<boolean>
  after?: () => Promise<void>
  /** What is known about why it is not ready. */
  explain?: () => string
  /** Ends what outlives the daemon's own process. Called around its stop. */
  sweep?: () => Promise<void>
}

interface DaemonRecord extends ProcessRecord {
  /** Of arguments and configuration files. */
  configuration: string
}

export interface WaitOptions {
  signal?: AbortSignal | undefined
}

/** How long a process that runs but does not answer is given before it is replaced. */
const ANSWER_WITHIN_SECONDS = 8

export function runningProcess(daemon: Daemon, processes?: readonly ProcessEntry[]): ProcessRecord | undefined {
  const record = readJson<DaemonRecord>(daemon.recordFile)
  if (record !== undefined && isAlive(record)) return record
  return straysOf(daemon, processes ?? listProcesses())[0]
}

/**
 * Processes that were started as this daemon and are not recorded: whoever started them was killed in that moment, or somebody has
 * deleted the home under them. sshd rewrites its arguments into a title that still holds them. slurmdbd has no file of ours among its
 * arguments: SLURM_CONF tells it from another cluster's.
 */
function straysOf(daemon: Daemon, processes: readonly ProcessEntry[]): ProcessEntry[] {
  const [program = ''] = daemon.argv
  const slurmConf = daemon.settings?.SLURM_CONF
  return processes.filter(
    entry =>
      entry.command === basename(program).slice(0, 15) &&
      argumentsOf(entry.pid).join(' ').includes(daemon.mark) &&
      (slurmConf === undefined || environmentOf(entry.pid).get('SLURM_CONF') === slurmConf),
  )
}

/** Answers false when it ran already and answers questions; otherwise (re)starts it and waits until it does. */
export async function ensureRunning(daemon: Daemon, options: WaitOptions = {}): Promise<boolean> {
  const running = runningProcess(daemon)
  if (running !== undefined) {
    const sameConfiguration = readJson<DaemonRecord>(daemon.recordFile)?.configuration === digestOf(daemon)
    if (sameConfiguration && (await answers(daemon, running, ANSWER_WITHIN_SECONDS, options))) return false
    await stopDaemonProcess(daemon, 'SIGTERM')
  }
  await daemon.before?.()
  const [program = '', ...args] = daemon.argv
  const logSizes = daemon.logFiles.map(file => (existsSync(file) ? statSync(file).size : 0))
  const configuration = digestOf(daemon)
  const record = startDetached([requireProgram(program), ...args], {
    settings: daemon.settings ?? cleanSettings(),
    outputFile: daemon.logFiles[0],
  })
  writeWhole(daemon.recordFile, JSON.stringify({ ...record, configuration } satisfies DaemonRecord))
  try {
    if (!(await answers(daemon, record, daemon.readyWithinSeconds, options))) {
      const what = isAlive(record) ? `is not ready after ${daemon.readyWithinSeconds} s` : 'ended before it was ready'
      const tail = daemon.logFiles.map((file, at) => lastLines(file, logSizes[at] ?? 0)).join('')
      throw new DeployError('DAEMON_FAILED', `${daemon.name} ${what}${daemon.explain?.() ?? ''}${tail}`, {
        details: { argv: daemon.argv },
      })
    }
    await daemon.after?.()
  } catch (error) {
    await stopDaemonProcess(daemon, 'SIGTERM')
    throw error
  }
  return true
}

function digestOf({ argv, configFiles }: Daemon): string {
  const hash = createHash('sha256').update(JSON.stringify(argv))
  for (const file of configFiles) hash.update(existsSync(file) ? readFileSync(file) : '')
  return hash.digest('hex')
}

async function answers(daemon: Daemon, record: ProcessRecord, seconds: number, { signal }: WaitOptions) {
  const giveUpAt = Date.now() + seconds * 1000
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 1.5, 250)) {
    if (signal?.aborted) throw new DeployError('INTERRUPTED', `interrupted while waiting for ${daemon.name}`)
    if (!isAlive(record)) return false
    if (await daemon.ready()) return true
    if (Date.now() > giveUpAt) return false
    await sleep(pauseMs)
  }
}

export async function stopDaemonProcess(daemon: Daemon, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean> {
  let stopped = false
  for (let next = runningProcess(daemon); next !== undefined; next = runningProcess(daemon)) {
    stopped = true
    await stopProcess(next, signal)
  }
  rmSync(daemon.recordFile, { force: true })
  await daemon.sweep?.()
  return stopped
}

/** The end of what was written to the file after byte `from`. */
export function lastLines(file: string, from = 0, count = 12): string {
  if (!existsSync(file)) return ''
  const size = statSync(file).size
  const start = Math.max(from, size - 16_384)
  if (size <= start) return ''
  const bytes = Buffer.alloc(size - start)
  const opened = openSync(file, 'r')
  readSync(opened, bytes, 0, bytes.length, start)
  closeSync(opened)
  const lines = bytes.toString('utf8').trimEnd().split('\n').slice(-count)
  return `\n  last lines of ${file}:\n${lines.map(line => `    ${line}`).join('\n')}`
}
