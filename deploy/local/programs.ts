// Finds and runs programs: argv in, exit code and text out. Nothing here goes through a shell.

import { spawn } from 'node:child_process'
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { DeployError } from '../errors.ts'
import { isAlive, type ProcessRecord, readProcess } from './proc.ts'

// Daemons live in /usr/sbin, which is not on an ordinary user's PATH on Debian.
const FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin']

export interface ProgramResult {
  exitCode: number
  stdout: string
  stderr: string
}

export function findProgram(name: string): string | undefined {
  return FOLDERS.map(folder => resolve(folder, name)).find(file => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export function requireProgram(name: string): string {
  const file = findProgram(name)
  if (file === undefined) throw new DeployError('PROGRAMS_MISSING', `the program ${name} is not installed`)
  return file
}

/**
 * What a daemon or client of the cluster gets as its settings. The caller's own are left out on purpose: SLURM_*, SBATCH_* or
 * LD_* of the shell that happens to start the cluster would change what the daemons, and through slurmd the jobs, do.
 */
export function cleanSettings(extra: Record<string, string> = {}): Record<string, string> {
  const { username, homedir, shell } = userInfo()
  const account = { HOME: homedir, USER: username, LOGNAME: username, SHELL: shell ?? '/bin/sh' }
  return { PATH: FOLDERS.slice(0, 4).join(':'), LC_ALL: 'C.UTF-8', ...account, ...extra }
}

/** Runs to the end. A program that does not end within `timeLimitMs` is killed and answers exit code 124. */
export function runProgram(
  [program = '', ...args]: readonly string[],
  {
    settings = cleanSettings(),
    timeLimitMs = 30_000,
    cwd = '/',
  }: { settings?: Readonly<Record<string, string | undefined>>; timeLimitMs?: number; cwd?: string } = {},
): Promise<ProgramResult> {
  return new Promise((done, reject) => {
    const child = spawn(requireProgram(program), args, { env: settings, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, timeLimitMs)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', code => {
      clearTimeout(timer)
      done({ exitCode: late ? 124 : (code ?? 137), stdout, stderr })
    })
  })
}

/** Starts a process of its own session that outlives this one; its output goes to the end of `outputFile`. */
export function startDetached(
  [program = '', ...args]: readonly string[],
  { settings, outputFile, cwd = '/' }: { settings: Record<string, string>; outputFile: string; cwd?: string },
): ProcessRecord {
  const output = openSync(outputFile, 'a', 0o644)
  // A caller's umask of 077 would make spool folders and sockets that a second Unix user cannot reach.
  const umask = process.umask(0o022)
  try {
    const child = spawn(program, args, { env: settings, cwd, detached: true, stdio: ['ignore', output, output] })
    child.on('error', () => {}) // seen by the caller as a process that is not there
    child.unref()
    const started = child.pid === undefined ? undefined : readProcess(child.pid)
    return { pid: child.pid ?? 0, startTicks: started?.startTicks ?? '' }
  } finally {
    process.umask(umask)
    closeSync(output)
  }
}

/** Sends the signal and waits for the end; SIGKILL follows after `graceMs`. */
export async function stopProcess(record: ProcessRecord, signal: 'SIGTERM' | 'SIGKILL', graceMs = 10_000) {
  send(record, signal)
  const killAt = Date.now() + graceMs
  let killed = signal === 'SIGKILL'
  while (isAlive(record)) {
    if (!killed && Date.now() > killAt) {
      send(record, 'SIGKILL')
      killed = true
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

function send(record: ProcessRecord, signal: 'SIGTERM' | 'SIGKILL') {
  if (!isAlive(record)) return
  try {
    process.kill(record.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
