// One follower of a log, from its first byte to its end, beside other ways to have the same bytes over the same sshd.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSsh2Transport } from '@trotline/slurm'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { listProcesses } from '../../deploy/local/proc.ts'
import { readLog } from '../support/log-reader.ts'
import type { Story } from '../support/orchestrator.ts'
import type { StoredLog } from './logs.ts'
import { cpuSeconds } from './process-figures.ts'
import { median, shown, type Way } from './rounds.ts'
import { table } from './table.ts'

const BLOCK_BYTES = 262_144

interface Following {
  cluster: LocalCluster
  story: Story
  /** Of the server. */
  pid: number
  text: StoredLog
  noText: StoredLog
  /** Of each log: a million bytes each. */
  megabytes: number
}

export interface Shares {
  clear(): void
  table(): string
}

export function followWays({ cluster, story, pid, text, noText, megabytes }: Following): {
  ways: Way[]
  shares: Shares
} {
  const spent = new Map<string, { server: number; sshd: number; reader: number }[]>()
  const timed = (name: string, read: () => Promise<number>): Way => ({
    name,
    unit: 'MB/s',
    async measure() {
      const before = { server: cpuSeconds(pid), sshd: sshdSeconds(cluster), reader: cpuSeconds(process.pid) }
      const began = performance.now()
      const bytes = await read()
      const seconds = (performance.now() - began) / 1000
      if (Math.abs(bytes / 1e6 - megabytes) > 1e-6) throw new Error(`${name}: ${bytes} bytes came`)
      const share = (now: number, then: number): number => (100 * (now - then)) / seconds
      const shares = spent.get(name) ?? []
      spent.set(name, shares)
      shares.push({
        server: share(cpuSeconds(pid), before.server),
        sshd: share(sshdSeconds(cluster), before.sshd),
        reader: share(cpuSeconds(process.pid), before.reader),
      })
      return megabytes / seconds
    },
  })
  const follow = async (url: string): Promise<number> => {
    let bytes = 0
    await readLog(url, {
      token: story.token,
      onEvent: event => {
        bytes += event.bytes?.length ?? 0
      },
    })
    return bytes
  }
  const ways = [
    timed('follow, lines', () => follow(`${story.api.url}/v1/jobs/${text.id}/logs`)),
    timed('follow, no UTF-8', () => follow(`${story.api.url}/v1/jobs/${noText.id}/logs`)),
    timed('ssh cat (OpenSSH)', () => sshCat(cluster, text.file)),
    timed('the SFTP driver alone', () => driverAlone(cluster, text.file)),
  ]
  return {
    ways,
    shares: {
      clear: () => spent.clear(),
      table: () =>
        table(
          ['% of a core, median', 'server', 'sshd', 'reader'],
          ways.map(({ name }) => {
            const of = (who: 'server' | 'sshd' | 'reader'): string =>
              shown(median((spent.get(name) ?? []).map(share => share[who])))
            return [name, of('server'), of('sshd'), of('reader')]
          }),
        ),
    },
  }
}

/** All sessions of the cluster's sshd that are there now; one that ended meanwhile is not counted. */
function sshdSeconds(cluster: LocalCluster): number {
  const own = readFileSync(join(cluster.home, 'run/sshd.pid'), 'utf8').trim()
  const all = listProcesses()
  const mine = new Set([Number(own)])
  for (let size = 0; size < mine.size; ) {
    size = mine.size
    for (const { pid, parentPid } of all) if (mine.has(parentPid)) mine.add(pid)
  }
  let seconds = 0
  for (const pid of mine) {
    try {
      seconds += cpuSeconds(pid)
    } catch {
      // It ended.
    }
  }
  return seconds
}

async function sshCat({ ssh }: LocalCluster, file: string): Promise<number> {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${ssh.knownHostsFile}`,
    'IdentitiesOnly=yes',
  ]
  const child = spawn(
    'ssh',
    [
      ...['-F', 'none', ...options.flatMap(option => ['-o', option])],
      ...['-i', ssh.privateKeyFile, '-p', String(ssh.port), `${ssh.user}@${ssh.host}`, `cat ${file}`],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let bytes = 0
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  await once(child, 'close')
  return bytes
}

/** As the server reads it, block after block, and nothing else. */
async function driverAlone({ ssh }: LocalCluster, file: string): Promise<number> {
  const { user, ...server } = ssh
  const transport = createSsh2Transport({ ...server, username: user })
  try {
    for (let at = 0; ; ) {
      const slice = await transport.readAt(file, at, BLOCK_BYTES)
      if (slice === null || slice.bytes.length === 0) return at
      at += slice.bytes.length
    }
  } finally {
    await transport.close()
  }
}
