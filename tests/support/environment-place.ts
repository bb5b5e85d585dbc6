// A place where environments are made, as a cluster has it: environment.mjs bundled as in the worker's release, <root> with its folders,
// orders, and the maker as a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  BuildOrder,
  BuildState,
  ENVIRONMENT_FILES,
  type EnvironmentLook,
  type LockedPip,
  MadeEnvironment,
} from '@trotline/contracts'
import { makeLock, type PinnedLock } from '@trotline/environment'
import { bundle } from '../../deploy/release/bundle.ts'
import type { BuiltChannel } from './conda-channel.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The only one that tests can have: stand-in-installer/stand-in.mjs says what it is. */
export const STAND_IN = fileURLToPath(new URL('./stand-in-installer/bin/micromamba', import.meta.url))

/** Answers the path of environment.mjs. */
export async function bundleMaker(directory: string): Promise<string> {
  await bundle({
    root: ROOT,
    entryPoints: {
      environment: 'apps/worker/src/environment-main.ts',
      'hash-thread': 'apps/worker/src/environment/hash-thread.ts',
    },
    directory,
    tensorLibrary: false,
  })
  return join(directory, 'environment.mjs')
}

/** Of everything in a channel that is served at `url`, or of the packages named. */
export function lockOfChannel(
  channel: BuiltChannel,
  url: string,
  names?: readonly string[],
  pip: readonly LockedPip[] = [],
): PinnedLock {
  const records = [...channel.entries]
    .filter(([, entry]) => names?.includes(entry.name) ?? true)
    .map(([at, entry]) => ({
      url: `${url}/${at}`,
      md5: entry.md5,
      sha256: entry.sha256,
      size: entry.size,
      depends: entry.depends,
      constrains: entry.constrains,
    }))
  const made = makeLock({ platform: 'linux-64', records, pip })
  if (!made.ok) throw new Error(`no lock: ${JSON.stringify(made)}`)
  return made.value
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface MakerProcess {
  child: ChildProcess
  ended: Promise<Ended>
}

export interface EnvironmentPlace {
  /** <workDir>/environments. */
  root: string
  build(lockId: string): string
  prefix(lockId: string): string
  /** Writes the order and starts a maker for it. */
  start(lock: PinnedLock, more?: Partial<BuildOrder>): MakerProcess
  make(lock: PinnedLock, more?: Partial<BuildOrder>): Promise<Ended>
  /** Any other command of environment.mjs. */
  run(...args: string[]): Promise<Ended>
  look(lockId: string, depth?: 'bytes' | 'times'): Promise<EnvironmentLook>
  state(lockId: string): BuildState
  log(lockId: string): string
  made(lockId: string): MadeEnvironment
}

export function createPlace(
  home: string,
  maker: string,
  { settings = {} }: { settings?: Record<string, string> } = {},
): EnvironmentPlace {
  const root = join(home, 'environments')
  const { made, builds, locks, packages, quarantine } = ENVIRONMENT_FILES
  for (const folder of ['', made, builds, locks, packages, `${packages}/archives`, quarantine])
    mkdirSync(join(root, folder), { recursive: true })
  const build = (lockId: string): string => join(root, builds, lockId)
  const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
  const launch = (args: readonly string[]): MakerProcess => {
    const child = spawn(process.execPath, [maker, ...args], {
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = { stdout: '', stderr: '' }
    child.stdout?.on('data', piece => {
      said.stdout += piece
    })
    child.stderr?.on('data', piece => {
      said.stderr += piece
    })
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code, signal, ...said }))
    })
    return { child, ended }
  }
  const start = ({ id, lock }: PinnedLock, more: Partial<BuildOrder> = {}): MakerProcess => {
    const order: BuildOrder = {
      v: 1,
      lockId: id,
      lock,
      root,
      form: 'tree',
      installers: [{ tool: 'micromamba', path: STAND_IN }],
      mirrors: {},
      offline: false,
      pipIndex: null,
      timeLimitSeconds: 120,
      attempt: 1,
      ...more,
    }
    mkdirSync(build(id), { recursive: true })
    writeFileSync(join(build(id), ENVIRONMENT_FILES.order), JSON.stringify(BuildOrder.parse(order)), { mode: 0o600 })
    return launch(['make', build(id)])
  }
  const run = (...args: string[]): Promise<Ended> => launch(args).ended
  return {
    root,
    build,
    prefix: lockId => join(root, lockId),
    start,
    make: (lock, more) => start(lock, more).ended,
    run,
    async look(lockId, depth = 'bytes') {
      const { stdout, code, stderr } = await run('look', root, lockId, depth)
      if (code !== 0) throw new Error(`no look: ${stdout} ${stderr}`)
      return JSON.parse(stdout)
    },
    state: lockId => BuildState.parse(json(join(build(lockId), ENVIRONMENT_FILES.state))),
    log: lockId => readFileSync(join(build(lockId), ENVIRONMENT_FILES.log), 'utf8'),
    made: lockId => MadeEnvironment.parse(json(join(root, made, `${lockId}.json`))),
  }
}
