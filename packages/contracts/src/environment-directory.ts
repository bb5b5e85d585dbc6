// Environments on the cluster's file system: where the server orders one, the maker makes it, and jobs use it.
//
//   <workDir>/environments/<lock id>/            tree: the prefix, read-only. packed: not there
//   <workDir>/environments/.made/<lock id>.json  MadeEnvironment, written last: without it nothing is made
//   <workDir>/environments/.made/<lock id>.files what every file was when it was made: a line each, `bytes mtimeNs ctimeNs mode sha256|-> path`
//   <workDir>/environments/.made/<lock id>.tar.gz  packed: the prefix as one archive
//   <workDir>/environments/.builds/<lock id>/    order.json lock.json state.json log
//   <workDir>/environments/.locks/<lock id>      held (flock) by whoever makes, repairs or removes it
//   <workDir>/environments/.packages/            the archives, and unpacked while they are installed; nobody's but ours
//   <workDir>/environments/.quarantine/<lock id>-<time>/  what did not match its lock any more
//
// All of it belongs to the cluster's service identity and is readable by the others; order.json may hold secrets (0600).
import { z } from 'zod'
import { CondaPlatform, EnvironmentLock } from './environment.ts'
import { Sha256, Timestamp } from './names.ts'

export const ENVIRONMENT_FILES = {
  made: '.made',
  builds: '.builds',
  locks: '.locks',
  packages: '.packages',
  quarantine: '.quarantine',
  order: 'order.json',
  state: 'state.json',
  log: 'log',
} as const

export const INSTALLERS = ['micromamba', 'mamba', 'conda', 'pixi'] as const
export const InstallerName = z.enum(INSTALLERS)
export type InstallerName = z.infer<typeof InstallerName>

/** tree: a prefix under workDir. packed: one archive under workDir, unpacked to a node's own scratch for the time that jobs use it. */
export const EnvironmentForm = z.enum(['tree', 'packed'])
export type EnvironmentForm = z.infer<typeof EnvironmentForm>

/** A path on the cluster: what may stand in scripts, and in the first line of programs. */
const Path = z
  .string()
  .regex(/^\/[A-Za-z0-9._/+@-]{1,400}$/, 'is not an absolute path of letters, digits and . _ / + @ -')

/** An installer as the cluster has it: told by the operator, or found on the PATH. */
export const Installer = z.strictObject({
  tool: InstallerName,
  path: Path,
  /** As it says itself; null: it was not asked yet. */
  version: z.string().max(64).nullable(),
})
export type Installer = z.infer<typeof Installer>

/** What to make, written by the server before the maker is started: `node environment.mjs make <build directory>`. */
export const BuildOrder = z.strictObject({
  v: z.literal(1),
  lockId: Sha256,
  lock: EnvironmentLock,
  /** <workDir>/environments. */
  root: Path,
  form: EnvironmentForm,
  /** In order of preference; empty: those on the PATH, in the order of INSTALLERS. */
  installers: z.array(Installer.pick({ tool: true, path: true })).max(16),
  /** Archives by the address in the lock that are to be taken from elsewhere (a mirror): prefix of the address to prefix of the mirror. */
  mirrors: z.record(z.string(), z.string()).refine(map => Object.keys(map).length <= 64, 'has more than 64 mirrors'),
  /** True: the archives (and wheels) lie in .packages already, and no network is used. */
  offline: z.boolean(),
  /** PEP 503 index that pip takes its part from; null: the lock has none, or they lie in .packages/wheels. */
  pipIndex: z.string().max(1000).nullable(),
  timeLimitSeconds: z.int().min(1),
  /** Numbers the tries of one lock on one cluster; state.json names the one it tells of. */
  attempt: z.int().min(1),
})
export type BuildOrder = z.infer<typeof BuildOrder>

export const BUILD_STEPS = ['wait', 'download', 'install', 'pip', 'verify', 'pack', 'publish'] as const
export const BuildStep = z.enum(BUILD_STEPS)
export type BuildStep = z.infer<typeof BuildStep>

/** Why an environment could not be made, or does not hold any more. */
export const BUILD_FAULTS = [
  /** None of micromamba, mamba, conda, pixi is there, or the one that is can not do it. */
  'no-installer',
  /** An archive cannot be had: gone, refused, the network. */
  'archive-unavailable',
  /** An archive has another hash than the lock. */
  'archive-changed',
  'installer-failed',
  'pip-failed',
  /** What was installed is not what the lock says. */
  'verify-failed',
  'time-limit',
  /** A full disk, a quota, no permission. */
  'storage',
  'cancelled',
  /** Slurm does not take the job that was to make it, or nobody may bring what it needs. */
  'refused',
  /** The maker ended without a word. */
  'died',
] as const
export const BuildFault = z.enum(BUILD_FAULTS)
export type BuildFault = z.infer<typeof BuildFault>

export const BuildTrouble = z.strictObject({
  code: BuildFault,
  /** A sentence for people. */
  detail: z.string().max(2000),
  /** The files, or the last lines, it was concluded from. */
  evidence: z.array(z.string().max(1000)).max(32),
  /** May the same order come out otherwise when it is tried again? */
  transient: z.boolean(),
})
export type BuildTrouble = z.infer<typeof BuildTrouble>

/** How far there is to go; null where it is not known. */
export const BuildProgress = z.strictObject({
  done: z.int().min(0),
  of: z.int().min(0).nullable(),
  unit: z.enum(['packages', 'files', 'bytes']),
})
export type BuildProgress = z.infer<typeof BuildProgress>

/** What the maker says of itself: written beside and renamed, at most twice a second. */
export const BuildState = z.strictObject({
  v: z.literal(1),
  attempt: z.int().min(1),
  host: z.string(),
  pid: z.int(),
  startedAt: Timestamp,
  at: Timestamp,
  step: BuildStep,
  progress: BuildProgress.nullable(),
  installer: Installer.nullable(),
  /** null: not over. */
  outcome: z.enum(['made', 'ready', 'failed']).nullable(),
  trouble: BuildTrouble.nullable(),
})
export type BuildState = z.infer<typeof BuildState>

export const MadeEnvironment = z.strictObject({
  v: z.literal(1),
  lockId: Sha256,
  platform: CondaPlatform,
  form: EnvironmentForm,
  /** The path that stands in its files. Of a packed one: replaced by where it is unpacked to. */
  prefix: Path,
  installer: Installer,
  madeAt: Timestamp,
  host: z.string(),
  packages: z.int().min(1),
  pipPackages: z.int().min(0),
  files: z.int().min(0),
  bytes: z.int().min(0),
  /** Of <lock id>.files. */
  filesSha256: Sha256,
  /** packed: of the archive. */
  archive: z.strictObject({ sha256: Sha256, bytes: z.int().min(1) }).nullable(),
})
export type MadeEnvironment = z.infer<typeof MadeEnvironment>

/** Files that are not what they were, or should not be there. The first of each kind; the counts tell of all. */
export const Drift = z.strictObject({
  /** A sentence: `lib/libz.so has other bytes than zlib 1.2.13 h5eee18b_0 brought, and 2 more files`. */
  detail: z.string().max(2000),
  files: z
    .array(
      z.strictObject({
        path: z.string().max(1000),
        what: z.enum([
          'missing',
          'changed',
          'extra',
          'unreadable',
          'package-missing',
          'package-extra',
          'package-changed',
        ]),
        package: z.string().max(300).nullable(),
      }),
    )
    .max(32),
  count: z.int().min(1),
})
export type Drift = z.infer<typeof Drift>

/** What a look at an environment found. `looked`: of how many files at how many, and how closely. */
export const EnvironmentLook = z.strictObject({
  lockId: Sha256,
  /** bytes: every file's sha256. times: size, times and mode of every file as far as a time budget went. */
  depth: z.enum(['bytes', 'times']),
  looked: z.int().min(0),
  of: z.int().min(0),
  seconds: z.number().min(0),
  drift: Drift.nullable(),
})
export type EnvironmentLook = z.infer<typeof EnvironmentLook>
