// Starts the server as a process of its own, with its own workDir and a Redis of its own, against a real cluster.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import type { CrashPoint } from '../../apps/orchestrator/src/index.ts'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { pickPort } from '../../deploy/local/ports.ts'
import { type RedisServer, startRedis, stopRedis } from '../../deploy/local/redis.ts'
import { type Api, createApi } from './api.ts'
import { eventually } from './eventually.ts'
import { explainFailures, type Scene } from './slurm-itself.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** Two cores that several stories share: a start from sources was seen to take over a minute at a load of 27. */
const START_LIMIT_MS = 150_000

export interface StoryOptions {
  cluster: LocalCluster
  /** Merged into the cluster's settings. */
  clusterSettings?: Record<string, unknown>
  settings?: Record<string, unknown>
  /** Further tokens; the story's own token belongs to the operator `tester`. */
  tokens?: { owner: string; name: string; role?: string; identity?: string; token: string }[]
  /** What Node.js is given to start a server with that configuration. Default: the sources, with their crash points. */
  program?: (configuration: string) => readonly string[]
}

export interface Server {
  process: ChildProcess
  stop(): Promise<void>
  kill(): Promise<void>
  /** Resolves when it has died at the point that it was started with. */
  crashed(): Promise<void>
}

export interface Story {
  folder: string
  workDir: string
  api: Api
  token: string
  redisHome: string
  redis: RedisServer
  /** Starts (another) server process; by default with the story's own configuration. */
  start(options?: { crashAt?: CrashPoint; wait?: boolean; port?: number }): Promise<Server>
  /** What the servers wrote. */
  log(): string
  apiAt(port: number): Api
}

/** Everything a story needs, taken away when its test is over. */
export async function createStory(t: Scene, options: StoryOptions): Promise<Story> {
  // Under the system's own temporary folder and open to read: a second Unix user works below it.
  const folder = await mkdtemp(join(tmpdir(), 'trotline-story-'))
  await chmod(folder, 0o755)
  const redisHome = join(folder, 'redis')
  await mkdir(redisHome)
  const redis = await startRedis({ home: redisHome })
  const token = randomBytes(16).toString('hex')
  const port = await pickPort()
  const workDir = join(folder, 'work')
  const logFile = join(folder, 'server.log')
  const servers = new Set<Server>()
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')

  // Before the hook that takes everything away: hooks run in the order in which they were added.
  explainFailures(t, options.cluster, { workDir, log })

  t.after(async () => {
    await Promise.all([...servers].map(server => server.kill()))
    await stopRedis({ home: redisHome })
    // Releases are read-only: whoever is not root has to make their folders writable before they can be removed.
    spawnSync('chmod', ['-R', 'u+w', folder])
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  })

  const { cluster } = options
  const redisUrl = `redis://${redis.host}:${redis.port}`
  const configuration = (onPort: number): unknown => ({
    listen: { host: '127.0.0.1', port: onPort },
    store: { url: redisUrl, user: redis.store.user, passwordFile: redis.store.passwordFile, prefix: 'trotline' },
    worker: { releaseDirectory: join(ROOT, 'apps/worker/release') },
    tokens: [{ owner: 'tester', name: 'Tester', role: 'operator', token }, ...(options.tokens ?? [])].map(
      ({ token: text, ...rest }) => ({
        ...rest,
        sha256: createHash('sha256').update(text).digest('hex'),
      }),
    ),
    clusters: [
      {
        name: 'local',
        ssh: { host: cluster.ssh.host, port: cluster.ssh.port, knownHostsFile: cluster.ssh.knownHostsFile },
        identities: [{ name: 'default', unixUser: cluster.ssh.user, privateKeyFile: cluster.ssh.privateKeyFile }],
        workDir,
        node: process.execPath,
        reports: { kind: 'queue', url: redisUrl, user: redis.report.user, passwordFile: redis.report.passwordFile },
        pollIntervalMs: 500,
        resultPatienceMs: 10_000,
        // Slurm jobs that nobody asked for are no part of a story about other things.
        probe: { automatic: 'off' },
        ...options.clusterSettings,
      },
    ],
    log: { level: 'debug' },
    ...options.settings,
  })

  return {
    folder,
    workDir,
    token,
    redisHome,
    redis,
    api: createApi(`http://127.0.0.1:${port}`, token),
    apiAt: other => createApi(`http://127.0.0.1:${other}`, token),
    log,
    async start({ crashAt, wait = true, port: onPort = port } = {}) {
      const file = join(folder, `trotline-${onPort}.yaml`)
      await writeFile(file, stringify(configuration(onPort)))
      const server = launch((options.program ?? fromSources)(file), logFile, crashAt)
      servers.add(server)
      if (wait) {
        const hasEnded = (): boolean => server.process.exitCode !== null || server.process.signalCode !== null
        await eventually(
          'the server answers',
          async () => hasEnded() || (await fetch(`http://127.0.0.1:${onPort}/healthz`)).ok,
          START_LIMIT_MS,
        )
        // One that is to die may reach that point before anybody has asked it anything: `crashed` tells.
        if (hasEnded() && crashAt === undefined)
          throw new Error(`the server ended: ${readFileSync(logFile, 'utf8').slice(-2_000)}`)
      }
      return server
    },
  }
}

const fromSources = (configuration: string): string[] => [
  ...['--import', 'tsx', '--conditions=@trotline/source', join(ROOT, 'tests/support/orchestrator-process.ts')],
  configuration,
]

function launch(argv: readonly string[], logFile: string, crashAt: CrashPoint | undefined): Server {
  const out = openSync(logFile, 'a')
  const child = spawn(process.execPath, [...argv], {
    cwd: ROOT,
    stdio: ['ignore', out, out],
    env: { ...process.env, TROTLINE_PATIENT: '1', ...(crashAt ? { TROTLINE_CRASH_AT: crashAt } : {}) },
  })
  closeSync(out)
  const exited = new Promise<void>(done => child.once('exit', () => done()))
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exited
  }
  const crashed = async (): Promise<void> => {
    await eventually(`the server dies at ${crashAt}`, async () => child.signalCode === 'SIGKILL', START_LIMIT_MS)
  }
  return { process: child, crashed, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}
