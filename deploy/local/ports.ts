// Picks free TCP ports, below the range the kernel gives to outgoing connections: a port up there could be taken while
// its daemon is restarted, and a client dialling it in that moment can even connect to itself.

import { randomInt } from 'node:crypto'
import { readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { openTemporaryFolder } from './folders.ts'

const LOWEST_PORT = 20_000

/** Keeps every port of `previous` that nobody listens on, picks the missing ones anew. */
export async function choosePorts<Name extends string>(
  names: readonly Name[],
  previous: Partial<Record<Name, number>>,
  taken: readonly number[] = [],
): Promise<Record<Name, number>> {
  const chosen = new Map<Name, number>()
  for (const name of names) {
    const kept = previous[name]
    chosen.set(
      name,
      kept !== undefined && (await isPortFree(kept)) ? kept : await pickPort([...taken, ...chosen.values()]),
    )
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

/** A daemon listens a while after its port was picked: until then others of this user, in other processes, must not pick it. */
const CLAIM_MS = 120_000
const CLAIMS = `/tmp/trotline-ports-${process.getuid?.() ?? 0}`

/** The daemons listen now, or never will. */
export function releasePorts(ports: readonly number[]) {
  for (const port of ports) rmSync(`${CLAIMS}/${port}`, { force: true })
  try {
    rmdirSync(CLAIMS)
  } catch {
    // others have claims in it, or nobody has made it
  }
}

function claim(port: number): boolean {
  const file = `${openTemporaryFolder(CLAIMS)}/${port}`
  const claimedAtMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs
  if (claimedAtMs !== undefined && Date.now() - claimedAtMs > CLAIM_MS) rmSync(file, { force: true })
  try {
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    // ENOENT: another process has just released its last claim and taken the folder away; the next try makes it again.
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
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
