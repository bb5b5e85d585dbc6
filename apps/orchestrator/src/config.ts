// The settings, parsed once. The one place that reads process.env and the configuration file.
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ClusterName, IdentityName, OwnerId, Sha256, SlurmName, UnixUser } from '@trotline/contracts'
import { parse } from 'yaml'
import { z } from 'zod'
import { ClusterEnvironments, EnvironmentsSettings } from './environment-settings.ts'
import { OrchestratorError } from './errors.ts'

const Port = z.int().min(0).max(65_535)
const RedisUrl = z
  .string()
  .regex(/^rediss?:\/\/[^\s@]+$/, 'is redis://host:port without a password (passwordFile holds it)')
/** A path on the cluster. It is quoted wherever it goes; the closed alphabet keeps it legible in scripts and logs. */
const ClusterPath = z
  .string()
  .regex(/^\/[A-Za-z0-9._/+@-]{1,200}$/, 'is not an absolute path of letters, digits and . _ / + @ -')
/** One fixed line of the operator's, such as `module load cuda/11.8`. */
const PrologueLine = z
  .string()
  .max(500)
  .regex(/^[\x20-\x7e]*$/, 'is not one line of printable ASCII')

const Identity = z.strictObject({ name: IdentityName, unixUser: UnixUser, privateKeyFile: z.string() })

const Reports = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('queue'),
    /** The store's own Redis as the nodes reach it, with a user that may only report. */
    url: RedisUrl,
    user: z.string(),
    passwordFile: z.string(),
  }),
  z.strictObject({ kind: z.literal('directory') }),
])

/**
 * What the whole installation may cost one cluster, whatever it has to do and however many processes it runs; calls past
 * a ceiling wait in order. The defaults stop a runaway and not a busy day: a login node starts at most about 100 sbatch a
 * second, and all questions about any number of jobs are a few dozen a minute and identity. A site that counts RPCs
 * (slurmctld's rl_enable of 23.02 and newer) sets them lower.
 */
const CeilingSettings = z.strictObject({
  /** SSH connections at once, one per identity. */
  connections: z.int().min(1).max(64).default(32),
  /** sshd counts channels per connection: MaxSessions, 10 by default. */
  channelsPerConnection: z.int().min(3).max(10).default(4),
  /** Whatever reaches slurmctld or slurmdbd, submissions too, in any 60 s. Submissions leave a fifth of it to questions and cancels. */
  commandsPerMinute: z.int().min(10).max(1_000_000).default(7_500),
  /** sbatch in any 60 s. */
  submissionsPerMinute: z.int().min(1).max(1_000_000).default(6_000),
  /** A call that waits longer is given up for now; longer than the minute that a ceiling counts. */
  waitSeconds: z.int().min(1).max(3_600).default(120),
})
export type CeilingSettings = z.infer<typeof CeilingSettings>

/** When a part of the cluster is left alone, and how soon it is tried again. */
const BreakerSettings = z
  .strictObject({
    /** So many faults in a row within the window open it. */
    faults: z.int().min(1).max(100).default(5),
    windowSeconds: z.int().min(1).max(3_600).default(120),
    /** An answer of slurmctld that takes longer counts as a fault. */
    slowAnswerSeconds: z.int().min(1).max(600).default(20),
    restSeconds: z.number().min(0.1).max(600).default(5),
    longestRestSeconds: z.number().min(0.1).max(3_600).default(60),
  })
  .refine(({ restSeconds, longestRestSeconds }) => restSeconds <= longestRestSeconds, {
    path: ['longestRestSeconds'],
    message: 'is shorter than restSeconds',
  })
export type BreakerSettings = z.infer<typeof BreakerSettings>

/** A version of YAML must stand in quotes: 570.10 without them is the number 570.1. */
const Quoted = (pattern: RegExp, example: string) =>
  z.string(`is not text: put it in quotes, such as "${example}"`).regex(pattern, `is not of the form "${example}"`)
const Printable = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\x20-\x7e]*$/, 'is not printable ASCII')

/** What the operator knows of nodes that no probe has looked at. Selectors together: partition and all features, and among those the nodes. */
const DeclaredNodes = z.strictObject({
  partition: SlurmName.optional(),
  features: z.array(Printable).max(64).default([]),
  /** Names or host lists: gpu01, gpu[02-08]. */
  nodes: z
    .array(
      z
        .string()
        .max(1000)
        .regex(/^[A-Za-z0-9[\],._-]+$/, 'is not a host list'),
    )
    .max(1000)
    .optional(),
  driver: Quoted(/^\d{3,4}(\.\d{1,4}){1,2}$/, '396.37').optional(),
  /** A product's name or a short one: Tesla K80, k80. */
  gpu: Printable.optional(),
  computeCapability: Quoted(/^\d{1,2}\.\d$/, '3.7').optional(),
  /** The newest CUDA that the driver runs. */
  cudaMax: Quoted(/^\d{1,2}\.\d{1,2}$/, '12.4').optional(),
  glibc: Quoted(/^\d{1,2}\.\d{1,3}$/, '2.28').optional(),
  /** As uname -m has it. */
  cpuArch: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,32}$/, 'is no architecture, such as x86_64')
    .optional(),
})

/** Looks at compute nodes: short Slurm jobs of the service identity. */
const ProbeSettings = z.strictObject({
  /** Which kinds of node are looked at without being asked, once what is known of them is older than maxAgeHours. */
  automatic: z.enum(['gpu', 'all', 'off']).default('gpu'),
  maxAgeHours: z.number().min(0.01).max(8_760).default(24),
  /** A look that has not started after this is cancelled. */
  pendingMinutes: z.number().min(0.05).max(10_080).default(30),
  account: SlurmName.nullable().default(null),
  qos: SlurmName.nullable().default(null),
})
export type ProbeSettings = z.infer<typeof ProbeSettings>

/**
 * unknown: what becomes of a job of which nobody can tell whether it runs, because a fact of the nodes is missing. The default
 * accepts it with a note: a cluster must be of use before its nodes were first looked at, and the worker judges again on the node
 * before anything expensive.
 */
const CompatibilitySettings = z.strictObject({
  unknown: z.enum(['accept', 'refuse']).default('accept'),
  /** Of TensorFlow's release, where `npm run native` put another libtensorflow under tfjs-node-gpu; null: its own, 2.9.1. */
  libtensorflow: Quoted(/^\d{1,2}\.\d{1,3}(\.\d{1,3})?$/, '2.21.0')
    .nullable()
    .default(null),
})

const Cluster = z.strictObject({
  name: ClusterName,
  ssh: z.strictObject({ host: z.string(), port: Port.default(22), knownHostsFile: z.string() }),
  /** The first is the service identity: it uploads the worker release, which the others only read. */
  identities: z.array(Identity).min(1).max(64),
  workDir: ClusterPath,
  /** Node.js on the compute nodes. */
  node: ClusterPath,
  prologue: z.array(PrologueLine).max(50).default([]),
  reports: Reports,
  /** The operator's floor: squeue is asked at most this often per identity. */
  pollIntervalMs: z.int().min(200).max(600_000).default(5_000),
  /** Absent: every partition that sinfo lists. */
  partitions: z.array(SlurmName).min(1).optional(),
  /** Slurm warns the worker (SIGUSR2) this long before the time limit; it may come up to 60 s earlier. */
  warnSecondsBeforeLimit: z.int().min(0).max(65_535).default(120),
  /** How often one job is submitted again after a failure of the cluster (node-fail, boot-fail, launch-failed, preempted). */
  infrastructureRetries: z.int().min(0).max(50).default(5),
  /** At most this long between two checkpoints of a run. */
  checkpointEverySeconds: z.int().min(1).max(86_400).default(300),
  /** How long a finished job's result may stay invisible (NFS attribute caches: up to 60 s). */
  resultPatienceMs: z.int().min(0).max(3_600_000).default(120_000),
  ceilings: CeilingSettings.prefault({}),
  breaker: BreakerSettings.prefault({}),
  compatibility: CompatibilitySettings.prefault({}),
  nodes: z.array(DeclaredNodes).max(1000).default([]),
  probe: ProbeSettings.prefault({}),
  environments: ClusterEnvironments.prefault({}),
})
export type ClusterSettings = z.infer<typeof Cluster>

const Token = z.strictObject({
  owner: OwnerId,
  name: z.string().min(1).max(100),
  role: z.enum(['user', 'operator']).default('user'),
  identity: IdentityName.default('default'),
  /** sha256 of the token's text: the token itself is never kept. */
  sha256: Sha256,
})
export type TokenSettings = z.infer<typeof Token>

/** `relay.example.org`, `relay.example.org:8443`, an address, or `*.example.org` for all below it. */
const WebhookHost = z
  .string()
  .max(255)
  .regex(/^(?:\*\.)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/, 'is not a host, host:port or *.domain')

const WebhookSettings = z.strictObject({
  /** false: none can be made, and nothing is sent. */
  enabled: z.boolean().default(true),
  /** The only public hosts that may be told; null: any. */
  hosts: z.array(WebhookHost).max(1000).nullable().default(null),
  /**
   * Hosts that may lie in a private network or on this machine, and may be told without TLS. Every other one has to have a public
   * address and https, at each try; link-local addresses, where clouds tell a machine its secrets, are told nothing at all.
   */
  privateHosts: z.array(WebhookHost).max(1000).default([]),
  perOwner: z.int().min(1).max(1000).default(50),
  /** Of one webhook: messages that wait or are parked. What comes on top of them becomes one message together. */
  openPerWebhook: z.int().min(10).max(1000).default(100),
  /** Of these, the bytes of all bodies: with 50 webhooks an owner whose receivers are all down takes some 6.5 MB of the store. */
  openBytesPerWebhook: z.int().min(65_536).max(16_777_216).default(131_072),
  /** Connections at once; to one webhook there is one at a time. Half of them are kept for those that took what they were told last. */
  sendsAtOnce: z.int().min(1).max(64).default(8),
  sendsPerMinute: z.int().min(1).max(100_000).default(600),
  timeLimitSeconds: z.int().min(1).max(60).default(10),
})
export type WebhookSettings = z.infer<typeof WebhookSettings>

/** As seen from src and from dist alike. */
const SHIPPED_MATRIX = resolve(import.meta.dirname, '../../../conda/compatibility.json')

const Settings = z.strictObject({
  listen: z.strictObject({ host: z.string().default('127.0.0.1'), port: Port }),
  /** Where people reach the server; used in error addresses. Default: the address it listens on. */
  publicUrl: z.url().optional(),
  store: z.strictObject({
    url: RedisUrl,
    user: z.string().default('default'),
    passwordFile: z.string().optional(),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,32}$/)
      .default('trotline'),
  }),
  worker: z.strictObject({ releaseDirectory: z.string() }),
  /** Default: the matrix that came with this server. */
  compatibility: z.strictObject({ matrixFile: z.string().default(SHIPPED_MATRIX) }).prefault({}),
  environments: EnvironmentsSettings.prefault({}),
  webhooks: WebhookSettings.prefault({}),
  tokens: z.array(Token).max(10_000),
  clusters: z.array(Cluster).min(1).max(64),
  limits: z
    .strictObject({
      bodyBytes: z.int().min(1024).default(1_048_576),
      logWindowBytes: z.int().min(1024).default(1_048_576),
      listPage: z.int().min(1).default(200),
      sseClients: z.int().min(1).default(2_000),
      /** A client of an event stream that takes nothing for so long is dropped. */
      sseStalledSeconds: z.int().min(1).max(3_600).default(60),
      eventsPerJob: z.int().min(100).default(5_000),
      idempotencyHours: z.int().min(1).default(24),
      /** How long a cancel may take before an operator may end its job by force; a held job needs no such wait. */
      forceAfterMinutes: z.int().min(0).default(10),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info') })
    .prefault({}),
})
export type Settings = z.infer<typeof Settings>

export const PROGRAM = 'node apps/orchestrator/dist/main.js'
export const USAGE = `${PROGRAM} --config FILE   (or TROTLINE_CONFIG=FILE)`

/** @throws OrchestratorError CONFIG_INVALID naming every field that is wrong */
export function readSettings(argv: readonly string[]): Settings {
  const flag = argv.indexOf('--config')
  const file = flag >= 0 ? argv[flag + 1] : process.env.TROTLINE_CONFIG
  if (!file) throw new OrchestratorError('CONFIG_INVALID', `No configuration file was named.\n  ${USAGE}`)
  return parseSettings(readText(file, 'the configuration'), file)
}

/** Relative paths in the file are taken from its own folder. */
export function parseSettings(text: string, file: string): Settings {
  let raw: unknown
  try {
    raw = parse(text)
  } catch (cause) {
    throw new OrchestratorError('CONFIG_INVALID', `${file} is not YAML: ${firstLine(cause)}`, { cause })
  }
  const parsed = Settings.safeParse(raw)
  if (!parsed.success) {
    const lines = parsed.error.issues.map(issue => `  ${issue.path.join('.') || '(top)'}: ${issue.message}`)
    throw new OrchestratorError('CONFIG_INVALID', `${file} is not a valid configuration:\n${lines.join('\n')}`)
  }
  const settings = parsed.data
  const twice = repeated(settings.clusters.map(cluster => cluster.name))
  if (twice) throw new OrchestratorError('CONFIG_INVALID', `${file}: cluster "${twice}" is named twice`)
  for (const cluster of settings.clusters) {
    const name = repeated(cluster.identities.map(identity => identity.name))
    if (name)
      throw new OrchestratorError('CONFIG_INVALID', `${file}: cluster "${cluster.name}" names identity "${name}" twice`)
  }
  const hash = repeated(settings.tokens.map(token => token.sha256))
  if (hash) {
    const owners = settings.tokens.filter(token => token.sha256 === hash).map(token => token.owner)
    throw new OrchestratorError('CONFIG_INVALID', `${file}: ${owners.join(' and ')} have the same token`)
  }
  const at = (path: string): string => resolve(dirname(file), path)
  settings.worker.releaseDirectory = at(settings.worker.releaseDirectory)
  settings.compatibility.matrixFile = at(settings.compatibility.matrixFile)
  const { environments } = settings
  environments.directory = at(environments.directory)
  for (const channel of environments.channels) {
    if (channel.directory) channel.directory = at(channel.directory)
    if (channel.credentialsFile) channel.credentialsFile = at(channel.credentialsFile)
  }
  if (settings.store.passwordFile) settings.store.passwordFile = at(settings.store.passwordFile)
  for (const cluster of settings.clusters) {
    cluster.ssh.knownHostsFile = at(cluster.ssh.knownHostsFile)
    for (const identity of cluster.identities) identity.privateKeyFile = at(identity.privateKeyFile)
    if (cluster.reports.kind === 'queue') cluster.reports.passwordFile = at(cluster.reports.passwordFile)
  }
  const open = [...secretFilesOf(settings)].flatMap(openToOthers)
  if (open.length > 0)
    throw new OrchestratorError('CONFIG_INVALID', `${file} names secrets that others may read:\n${open.join('\n')}`)
  return settings
}

function secretFilesOf({ store, clusters, environments }: Settings): Set<string> {
  const perCluster = clusters.flatMap(({ identities, reports }) => [
    ...identities.map(identity => identity.privateKeyFile),
    ...(reports.kind === 'queue' ? [reports.passwordFile] : []),
  ])
  const channels = environments.channels.flatMap(({ credentialsFile }) => credentialsFile ?? [])
  return new Set([...(store.passwordFile === undefined ? [] : [store.passwordFile]), ...perCluster, ...channels])
}

/** One that is not there is named by whoever needs it. */
function openToOthers(file: string): string[] {
  let mode: number
  try {
    mode = statSync(file).mode & 0o777
  } catch {
    return []
  }
  return (mode & 0o077) === 0 ? [] : [`  ${file} has mode 0${mode.toString(8)}, wanted 0600: chmod 600 ${file}`]
}

const repeated = (names: readonly string[]): string | undefined => names.find((name, i) => names.indexOf(name) !== i)

/** The lines after the first show the file's own text, which may hold what should not be in a log. */
const firstLine = (error: unknown): string => String(error).split('\n')[0] ?? ''

/** The compatibility matrix as it lies there. @throws OrchestratorError CONFIG_INVALID where it cannot be read */
export const readMatrixText = ({ compatibility }: Pick<Settings, 'compatibility'>): string =>
  readText(compatibility.matrixFile, 'the compatibility matrix')

/** A secret from its file, without the line end. */
export const readSecret = (file: string): string => readText(file, 'a secret').trim()

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new OrchestratorError('CONFIG_INVALID', `Could not read ${what} from ${file}`, { cause })
  }
}
