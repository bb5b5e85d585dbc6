// Picks free TCP ports, below the range the kernel gives to outgoing connections: a port up there could be taken while
// its daemon is restarted, and a client dialling it in that moment can even connect to itself.

import { randomInt } from 'node:crypto'
import { existsSync, readFileSync, readlinkSync, rmdirSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { openTemporaryFolder } from './folders.ts'
import { isAlive, readProcess } from './proc.ts'

const LOWEST_PORT = 20_000

/** Keeps every port of `previous` that nobody else has, picks the missing ones anew. */
export async function choosePorts<Name extends string>(
  names: readonly Name[],
  previous: Partial<Record<Name, number>>,
  taken: readonly number[] = [],
): Promise<Record<Name, number>> {
  const chosen = new Map<Name, number>()
  for (const name of names) {
    const kept = previous[name]
    const isOurs = kept !== undefined && (await keepPort(kept))
    chosen.set(name, isOurs ? kept : await pickPort([...taken, ...chosen.values()]))
  }
  return Object.fromEntries(chosen) as Record<Name, number>
}

export async function pickPort(taken: readonly number[] = []): Promise<number> {
  const [firstEphemeral = 32_768] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1')
    .trim()
    .split(/\s+/)
    .map(Number)
  const highest = firstEphemeral > LOWEST_PORT + 1000 ? firstEphemeral : 32_768
  for (let tries = 0; tries < 1000; tries += 1) {
    const port = randomInt(LOWEST_PORT, highest)
    if (!taken.includes(port) && claim(port) && (await isPortFree(port))) return port
  }
  throw new Error(`no free TCP port between ${LOWEST_PORT} and ${highest}`)
}

/** True: nobody else has this port, and nobody else will pick it as long as this process lives. */
export const keepPort = async (port: number): Promise<boolean> =>
  (claims.has(port) || claim(port)) && (await isPortFree(port))

/**
 * A daemon listens a while after its port was picked, and not while it is restarted: others of this user, in other processes, must not
 * pick it meanwhile. A claim lasts as long as the process that made it.
 */
const CLAIMS = `/tmp/trotline-ports-${process.getuid?.() ?? 0}`
const claims = new Set<number>()

function claim(port: number): boolean {
  const file = `${CLAIMS}/${port}`
  const { pid = 0, startTicks = '' } = readProcess(process.pid) ?? {}
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      openTemporaryFolder(CLAIMS)
      // The link makes a claim whole at once: nobody reads one that does not tell yet whose it is.
      symlinkSync(`${pid}.${startTicks}`, file)
      if (claims.size === 0) process.once('exit', releaseAll)
      claims.add(port)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') {
        if (isHeld(file)) return false
        rmSync(file, { force: true })
      } else if (code !== 'ENOENT') throw error // ENOENT: another process has just taken the empty folder away
    }
  }
  return false
}

function isHeld(file: string): boolean {
  try {
    const [pid = '', startTicks = ''] = readlinkSync(file).split('.')
    return isAlive({ pid: Number(pid), startTicks })
  } catch {
    return false // released in between
  }
}

function releaseAll() {
  for (const port of claims) rmSync(`${CLAIMS}/${port}`, { force: true })
  try {
    rmdirSync(CLAIMS)
  } catch {
    // others have claims in it
  }
}

/**
 * Reads the kernel's table: a look that binds the port, as isPortFree does, is in the daemon's own way while it starts ("Address already in
 * use").
 */
export function isListenedOn(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return ['/proc/net/tcp', '/proc/net/tcp6'].some(
    file => existsSync(file) && new RegExp(`:${hex} [0-9A-F]+:0000 0A `).test(readFileSync(file, 'latin1')),
  )
}

/** On all interfaces, because a listener on any single address is in the way of a later one on 0.0.0.0. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(error)
    })
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}
