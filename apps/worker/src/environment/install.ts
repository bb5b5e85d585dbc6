// One installer, one lock, one prefix: from the command to a tree that is ours alone and read-only. What it may leave half done is
// removed by whoever called it.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  type BuildOrder,
  type BuildProgress,
  CondaRecord,
  ENVIRONMENT_FILES,
  type Installer,
  type LockedConda,
} from '@trotline/contracts'
import { requirementsTxt, writeLock } from '@trotline/environment'
import type { MachineSettings } from '../settings.ts'
import { buildFailure } from './build-failure.ts'
import type { HeldLock } from './build-lock.ts'
import type { BuildLog } from './build-log.ts'
import { recordPathOf } from './conda-meta.ts'
import { EMPTY_CONDARC, type InstallCommand, installCommand } from './install-command.ts'
import { explicitText, mirrored, PIXI_PREFIX, pixiProject } from './install-source.ts'
import { installerFailure } from './installer-failure.ts'
import { releaseOf } from './installer-version.ts'
import { jsonAt } from './made-files.ts'
import { endOrphans } from './orphans.ts'
import { makeCopiesOwn } from './own-copies.ts'
import { checkFetched, fetchedOf } from './package-cache.ts'
import { pipCommand, pipFailure } from './pip-part.ts'
import { makeReadOnly, removeTree } from './remove.ts'
import { runProgram } from './run-program.ts'
import type { StateFile } from './state.ts'

export interface InstallJob {
  order: BuildOrder
  buildDirectory: string
  /** <root>/<lock id>. */
  tree: string
  installer: Installer & { version: string }
  machine: MachineSettings
  locks: readonly HeldLock[]
  /** Left of the build's time. */
  seconds(): number
  log: BuildLog
  state: StateFile
}

const LOOK_MS = 500
/** In the build's folder: what installers take for the home of whoever runs them. */
export const HOME = 'home'

/**
 * Answers the prefix. The cache is ready and locked, and nothing is at `tree`.
 *
 * @throws BuildFailure, and whatever `signal` was aborted with
 */
export async function install(job: InstallJob, signal: AbortSignal): Promise<string> {
  const { order, buildDirectory, tree, installer, machine, log, state } = job
  const packages = join(order.root, ENVIRONMENT_FILES.packages)
  const home = join(buildDirectory, HOME)
  const prefix = installer.tool === 'pixi' ? join(tree, PIXI_PREFIX) : tree
  await removeTree(home)
  await mkdir(join(home, 'tmp'), { recursive: true })
  await writeFile(join(home, EMPTY_CONDARC), '')
  try {
    const command = installCommand({
      ...installer,
      prefix,
      from: await source(job),
      packages,
      home,
      offline: order.offline,
      lock: order.lock,
      network: machine.network,
      programs: [dirname(process.execPath)],
    })
    await runInstaller(job, command, { prefix, packages, home }, signal)
    checkNoted(prefix, await checkFetched(packages, order.lock.conda, signal), installer.tool)
    if (order.lock.pip.length > 0) await installPip(job, command.env, { prefix, packages, home }, signal)
    const left = await endOrphans(home)
    if (left > 0) log.say(`processes that the installer had left in the background were ended: ${left}`)
    const copied = await makeCopiesOwn(prefix, signal)
    if (copied > 0) log.say(`${copied} files were links into the package cache, and are copies now`)
    state.step('verify')
    await makeReadOnly(tree)
    return prefix
  } finally {
    await removeTree(home)
  }
}

/** The explicit list, or the folder with pixi's project. */
async function source({ order, buildDirectory, tree, installer }: InstallJob): Promise<string> {
  const { lock, lockId, mirrors } = order
  if (installer.tool !== 'pixi') {
    const path = join(buildDirectory, 'explicit.txt')
    await rm(path, { force: true })
    await writeFile(path, explicitText(lock, mirrors), { mode: 0o600 })
    return path
  }
  const here = { ...lock, conda: lock.conda.map(one => ({ ...one, url: mirrored(one.url, mirrors) })) }
  const channels = [...new Set(here.conda.map(one => one.url.split('/').slice(0, -2).join('/')))]
  const files = pixiProject(
    lock,
    channels,
    writeLock({ id: lockId, lock: here }, 'pixi').text,
    releaseOf(installer.version),
  )
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await writeFile(join(tree, path), text)
  }
  return tree
}

interface Places {
  prefix: string
  packages: string
  home: string
}

async function runInstaller(
  { order, installer, locks, seconds, log, state }: InstallJob,
  { argv, env }: InstallCommand,
  { prefix, packages, home }: Places,
  signal: AbortSignal,
): Promise<void> {
  const { conda } = order.lock
  const of = conda.length
  let looking = false
  let over = false
  const look = async (): Promise<void> => {
    if (looking) return
    looking = true
    try {
      const linked = await linkedIn(prefix)
      const done = linked > 0 ? linked : await fetchedOf(packages, conda)
      const progress: BuildProgress = { done: Math.min(done, of), of, unit: 'packages' }
      // A look that the file system answers late: the build is a step further by then.
      if (!over) state.step(linked > 0 ? 'install' : 'download', progress)
    } finally {
      looking = false
    }
  }
  state.step('download', { done: 0, of, unit: 'packages' })
  log.say(argv.join(' '))
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS)
  try {
    const end = await runProgram({ argv, env, cwd: home, seconds: seconds(), locks, log }, signal)
    if (end.code !== 0) throw installerFailure(installer, end)
    if ((await linkedIn(prefix)) === 0)
      throw buildFailure('installer-failed', `${installer.tool} ended well and left no environment at ${prefix}.`, {
        evidence: end.tail.slice(-12),
      })
  } finally {
    over = true
    clearInterval(timer)
  }
}

/** Of an archive that is not there to be read, the installer has to have noted its sha256; whether it is the lock's, the look tells. */
function checkNoted(prefix: string, notKept: readonly LockedConda[], tool: string): void {
  const unknown = notKept.filter(one => {
    const record = CondaRecord.safeParse(jsonAt(join(prefix, recordPathOf(one))))
    return record.success && !record.data.sha256
  })
  const [first] = unknown
  if (first === undefined) return
  throw buildFailure(
    'installer-failed',
    `${tool} kept no archive of ${first.name} ${first.version} and noted no sha256 of it, so nobody can tell what was installed.`,
    { evidence: unknown.map(recordPathOf) },
  )
}

async function linkedIn(prefix: string): Promise<number> {
  const names = await readdir(join(prefix, 'conda-meta')).catch(() => [])
  return names.filter(name => name.endsWith('.json')).length
}

async function installPip(
  { order, buildDirectory, locks, seconds, log, state }: InstallJob,
  env: Readonly<Record<string, string>>,
  { prefix, packages, home }: Places,
  signal: AbortSignal,
): Promise<void> {
  const requirements = join(buildDirectory, 'requirements.txt')
  await writeFile(requirements, requirementsTxt(order.lock))
  const wheels = join(packages, 'wheels')
  const command = pipCommand({ ...order, prefix, requirements, wheels }, env)
  state.step('pip', { done: 0, of: order.lock.pip.length, unit: 'packages' })
  log.say(command.argv.join(' '))
  const end = await runProgram({ ...command, cwd: home, seconds: seconds(), locks, log }, signal)
  if (end.code !== 0) throw pipFailure(end)
}
