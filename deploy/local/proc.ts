// Reads /proc. A process is named by pid and start time together: a pid alone is given out again.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface ProcessRecord {
  pid: number
  /** Clock ticks between boot and the start of the process, /proc/PID/stat field 22. */
  startTicks: string
}

export interface ProcessEntry extends ProcessRecord {
  parentPid: number
  command: string
}

/**
 * Undefined when there is no such process, or only its zombie. One that was killed becomes a zombie while others of its threads are still on
 * their way out, and as long as they are its port is listened on: of Redis that was seen at every other SIGKILL.
 */
export function readProcess(pid: number): ProcessEntry | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The command stands in parentheses and may itself hold spaces and parentheses: cut at the last one.
  const open = stat.indexOf('(')
  const close = stat.lastIndexOf(')')
  const fields = stat.slice(close + 2).split(' ')
  const [state, parentPid] = fields
  const threads = Number(fields[17])
  const startTicks = fields[19]
  if (state === undefined || parentPid === undefined || startTicks === undefined) return undefined
  if (state === 'X' || (state === 'Z' && threads <= 1)) return undefined
  return { pid, startTicks, parentPid: Number(parentPid), command: stat.slice(open + 1, close) }
}

export function isAlive(record: ProcessRecord): boolean {
  return readProcess(record.pid)?.startTicks === record.startTicks
}

export function listProcesses(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => readProcess(Number(name)))
    .filter(entry => entry !== undefined)
}

/** Every process below the given ones, however deep. Those that were re-parented to init are not found. */
export function descendantsOf(roots: readonly number[], all: readonly ProcessEntry[]): ProcessEntry[] {
  const below = new Set(roots)
  const found: ProcessEntry[] = []
  for (let grew = true; grew; ) {
    grew = false
    for (const entry of all) {
      if (below.has(entry.pid) || !below.has(entry.parentPid)) continue
      below.add(entry.pid)
      found.push(entry)
      grew = true
    }
  }
  return found
}

export function ancestorsOf(pid: number): Set<number> {
  const found = new Set<number>()
  for (let at = pid; at > 0 && !found.has(at); at = readProcess(at)?.parentPid ?? 0) found.add(at)
  return found
}

/** The settings a process was started with; empty when it is gone or another user's. */
export function environmentOf(pid: number): Map<string, string> {
  return new Map(
    readZeroSeparated(`/proc/${pid}/environ`).map(entry => {
      const at = entry.indexOf('=')
      return [entry.slice(0, at), entry.slice(at + 1)] as const
    }),
  )
}

export function argumentsOf(pid: number): string[] {
  return readZeroSeparated(`/proc/${pid}/cmdline`)
}

/** Pids that hold a TCP socket (listening or connected) whose local port is one of `ports`. */
export function holdersOfPorts(ports: readonly number[], pids: readonly number[]): number[] {
  const inodes = new Set<string>()
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/)
    const port = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)
    if (ports.includes(port) && fields[9] !== undefined && fields[9] !== '0') inodes.add(`socket:[${fields[9]}]`)
  }
  if (inodes.size === 0) return []
  return pids.filter(pid => openFilesOf(pid).some(target => inodes.has(target)))
}

function openFilesOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map(fd => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`)
      } catch {
        return ''
      }
    })
  } catch {
    return []
  }
}

function readZeroSeparated(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\0').filter(Boolean)
  } catch {
    return []
  }
}
