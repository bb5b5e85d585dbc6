// Everything that a run stands on: a cluster, a Redis, two server processes behind links of their own, callers, a folder.
// Built whole, taken away whole.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ClusterPage } from '@trotline/contracts'
import { down, type LocalCluster, type UpOptions, up } from '../../deploy/local/cluster.ts'
import { pickPort } from '../../deploy/local/ports.ts'
import { startRedis, stopRedis } from '../../deploy/local/redis.ts'
import { eventually } from '../support/eventually.ts'
import { slurm } from '../support/slurm-itself.ts'
import { type Client, createClient } from './client.ts'
import { type Link, openLink } from './link.ts'
import { createMarks, type Marks } from './marks.ts'
import { createSeat, type ServerSeat } from './servers.ts'
import { startWatcher, type Watcher } from './watcher.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SERVERS = 2

export interface World {
  folder: string
  workDir: string
  cluster: LocalCluster
  /** Others use the cluster, too. */
  shared: boolean
  redisHome: string
  redisPid(): number
  /** The way of server i to sshd. */
  links: readonly Link[]
  servers: readonly ServerSeat[]
  client: Client
  watcher: Watcher
  marks: Marks
  /** Lines that every job's script reads before it starts the worker; empty at first. */
  prologueFile: string
  jobDirectory(id: string): string
  /** A Slurm command as an administrator types it, past the product. @throws where it fails */
  slurm(argv: readonly string[]): Promise<string>
  serverLog(): string
  close(options: { keep: boolean }): Promise<void>
}

export interface WorldOptions {
  cluster?: Omit<UpOptions, 'home'>
  /** Stands on this one instead, and leaves it as it was. */
  on?: LocalCluster
  /** Merged into the cluster's settings of both servers. */
  clusterSettings?: Record<string, unknown>
  releaseDirectory?: string
  nodeArguments?: readonly string[]
  settings?: Readonly<Record<string, string>>
  say?: (line: string) => void
}

export async function buildWorld(options: WorldOptions = {}): Promise<World> {
  // Short and open to read: slurm.conf takes no long paths, and jobs may run as another Unix user.
  const folder = await mkdtemp(join(tmpdir(), 'tl-chaos-'))
  await chmod(folder, 0o755)
  const undo: (() => Promise<unknown>)[] = []
  const takeAway = async (): Promise<void> => {
    for (const step of undo.reverse()) await step().catch(error => options.say?.(String(error)))
  }
  try {
    const clusterHome = join(folder, 'cluster')
    const redisHome = join(folder, 'redis')
    const workDir = join(folder, 'work')
    const prologueFile = join(folder, 'prologue.sh')
    for (const path of [clusterHome, redisHome]) await mkdir(path, { mode: 0o755 })
    await writeFile(prologueFile, '')
    if (options.on === undefined) undo.push(() => down({ home: clusterHome }))
    const cluster = options.on ?? (await up({ slurmdTimeoutSeconds: 10, ...options.cluster, home: clusterHome }))
    undo.push(() => stopRedis({ home: redisHome, signal: 'SIGKILL' }))
    const redis = await startRedis({ home: redisHome })

    const token = randomBytes(16).toString('hex')
    const hostKey = (await readFile(cluster.ssh.knownHostsFile, 'utf8')).trim().split(' ').slice(1).join(' ')
    const redisUrl = `redis://${redis.host}:${redis.port}`
    const links: Link[] = []
    const servers: ServerSeat[] = []
    for (let index = 0; index < SERVERS; index++) {
      const link = await openLink(cluster.ssh)
      links.push(link)
      undo.push(() => link.close())
      const knownHostsFile = join(folder, `known_hosts-${index}`)
      await writeFile(knownHostsFile, `[127.0.0.1]:${link.port} ${hostKey}\n`)
      const port = await pickPort()
      const seat = await createSeat({
        index,
        port,
        folder,
        nodeArguments: options.nodeArguments ?? [],
        settings: options.settings ?? {},
        configuration: {
          listen: { host: '127.0.0.1', port },
          store: { url: redisUrl, user: redis.store.user, passwordFile: redis.store.passwordFile, prefix: 'trotline' },
          worker: { releaseDirectory: options.releaseDirectory ?? join(ROOT, 'apps/worker/release') },
          tokens: [
            {
              owner: 'chaos',
              name: 'Chaos',
              role: 'operator',
              sha256: createHash('sha256').update(token).digest('hex'),
            },
          ],
          clusters: [
            {
              name: 'local',
              ssh: { host: '127.0.0.1', port: link.port, knownHostsFile },
              identities: [{ name: 'default', unixUser: cluster.ssh.user, privateKeyFile: cluster.ssh.privateKeyFile }],
              workDir,
              node: process.execPath,
              prologue: [`. ${prologueFile}`],
              reports: {
                kind: 'queue',
                url: redisUrl,
                user: redis.report.user,
                passwordFile: redis.report.passwordFile,
              },
              pollIntervalMs: 500,
              resultPatienceMs: 10_000,
              probe: { automatic: 'off' },
              ...options.clusterSettings,
            },
          ],
          log: { level: 'debug' },
        },
      })
      servers.push(seat)
      undo.push(() => seat.stop('SIGKILL'))
    }
    await Promise.all(servers.map(seat => seat.start()))
    const client = createClient(() => servers.map(seat => seat.url), token)
    // A server takes nothing for a cluster that it never saw: a fault that cut the way there now would wait for a victim for ever.
    await eventually('the cluster was seen', async () => {
      const page = await client.get<ClusterPage>('/v1/clusters')
      return page?.items.every(one => one.partitions.length > 0)
    })
    const watcher = startWatcher(client)
    undo.push(() => watcher.stop())

    return {
      folder,
      workDir,
      cluster,
      shared: options.on !== undefined,
      redisHome,
      redisPid: () => (JSON.parse(readFileSync(join(redisHome, 'redis.process.json'), 'utf8')) as { pid: number }).pid,
      links,
      servers,
      client,
      watcher,
      marks: createMarks(),
      prologueFile,
      jobDirectory: id => join(workDir, 'jobs', cluster.ssh.user, id),
      slurm: argv => slurm(cluster, argv),
      serverLog: () =>
        servers
          .map(seat => join(folder, `server-${seat.index}.log`))
          .filter(existsSync)
          .map(file => readFileSync(file, 'utf8'))
          .join(''),
      async close({ keep }) {
        await takeAway()
        if (!keep) await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
      },
    }
  } catch (error) {
    await takeAway()
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    throw error
  }
}
