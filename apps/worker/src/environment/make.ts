// `node environment.mjs make <build directory>`: the environment of an order exists afterwards, exactly once, or state.json says why not.
//
//   lock of the environment -> is it made already? -> what is half made goes -> lock of the package cache -> install -> look at every
//   byte -> list of its files -> (packed: one archive) -> everything on disk -> the marker, last.
//
// Killed at any moment it leaves no marker, and whoever comes next starts over; an installer that it leaves behind holds the locks.
import { readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import {
  type BuildOrder,
  type BuildTrouble,
  ENVIRONMENT_FILES,
  type EnvironmentLook,
  type MadeEnvironment,
} from '@trotline/contracts'
import { syncDirectory } from '../durable-file.ts'
import type { MachineSettings } from '../settings.ts'
import { type BuildFailure, buildFailure, troubleOf } from './build-failure.ts'
import { type HeldLock, holdLock } from './build-lock.ts'
import { type BuildLog, openLog } from './build-log.ts'
import { writeManifest } from './files-manifest.ts'
import { HOME, install } from './install.ts'
import { chooseInstaller } from './installers.ts'
import { lookAtEnvironment } from './look.ts'
import { lookAtBytes } from './look-bytes.ts'
import { LookTrouble, madePaths, readMade } from './made-files.ts'
import { readOrder } from './order.ts'
import { endOrphans } from './orphans.ts'
import { packPrefix } from './pack.ts'
import { anyBrought, checkRoom, dropUnpacked, readyCache } from './package-cache.ts'
import { checkPip } from './pip-part.ts'
import { replacePublicly } from './public-file.ts'
import { quarantineEnvironment } from './quarantine.ts'
import { removeEnvironment, removeTree } from './remove.ts'
import { runProgram } from './run-program.ts'
import { openState, type StateFile } from './state.ts'

export const MAKE_EXIT = { there: 0, failed: 1 } as const

/** Of the cache; no lock's id has such a name. */
const CACHE_LOCK = 'packages'

export interface MakeSettings {
  machine: MachineSettings
  /** Aborted when it is to end: SIGTERM. */
  stop: AbortSignal
  say(line: string): void
}

/** Answers the exit code. @throws where not even state.json can be written */
export async function make(buildDirectory: string, { machine, stop, say }: MakeSettings): Promise<number> {
  const began = performance.now()
  let order: BuildOrder
  try {
    order = await readOrder(buildDirectory)
  } catch (error) {
    const trouble = troubleOf(error)
    say(trouble.detail)
    await openState(buildDirectory, { attempt: 1 }).end('failed', trouble)
    return MAKE_EXIT.failed
  }
  const state = openState(buildDirectory, order)
  const limit = new AbortController()
  const late = buildFailure('time-limit', `It was not made within ${order.timeLimitSeconds} seconds.`, {
    transient: true,
  })
  const timer = setTimeout(() => limit.abort(late), order.timeLimitSeconds * 1000)
  const cancelled = (): void => limit.abort(buildFailure('cancelled', 'It was cancelled while it was made.'))
  stop.addEventListener('abort', cancelled, { once: true })
  if (stop.aborted) cancelled()
  const seconds = (): number => Math.max(1, order.timeLimitSeconds - (performance.now() - began) / 1000)
  const log = openLog(join(buildDirectory, ENVIRONMENT_FILES.log))
  let trouble: BuildTrouble | null = null
  let outcome: 'made' | 'ready' | 'failed' = 'failed'
  try {
    log.say(`attempt ${order.attempt} on ${hostname()}, process ${process.pid}`)
    outcome = await made({ order, buildDirectory, machine, state, log, seconds }, limit.signal)
  } catch (error) {
    trouble = troubleOf(error)
    if (trouble.code === 'died') say((error as Error).stack ?? trouble.detail)
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', cancelled)
  }
  log.say(trouble === null ? outcome : `${trouble.code}: ${trouble.detail}`)
  log.close()
  await state.end(outcome, trouble)
  return trouble === null ? MAKE_EXIT.there : MAKE_EXIT.failed
}

interface Making {
  order: BuildOrder
  buildDirectory: string
  machine: MachineSettings
  state: StateFile
  log: BuildLog
  seconds(): number
}

async function made(making: Making, signal: AbortSignal): Promise<'made' | 'ready'> {
  const { order, buildDirectory, log } = making
  const { root, lockId } = order
  const paths = madePaths(root, lockId)
  await replacePublicly(join(buildDirectory, 'lock.json'), `${JSON.stringify(order.lock)}\n`)
  const lock = await holdLock(paths.lock, {
    signal,
    onWait: () => log.say('another maker, or its installer, has the lock: waiting'),
  })
  try {
    const left = await endOrphans(join(buildDirectory, HOME))
    if (left > 0) log.say(`processes that a killed maker had left were ended: ${left}`)
    if (await isThere(order, log)) return 'ready'
    await removeEnvironment(root, lockId)
    await removeUnfinished(dirname(paths.marker), lockId, 0)
    await removeUnfinished(buildDirectory, '', OTHERS_MS)
    try {
      await makeAnew(making, lock, signal)
      return 'made'
    } catch (error) {
      // Whatever it was that went wrong, it is what is told.
      await removeEnvironment(root, lockId).catch(again =>
        log.say(`what is half made could not be removed: ${again.message}`),
      )
      throw error
    }
  } finally {
    lock.release()
  }
}

/** Another maker of the same lock, which waits, writes its state: what is younger may be that. */
const OTHERS_MS = 600_000

/** What was written beside and never renamed, by makers that were killed. */
async function removeUnfinished(folder: string, start: string, ageMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(start) || !name.endsWith('.new')) continue
    const path = join(folder, name)
    const written = (await stat(path).catch(() => null))?.mtimeMs
    if (written !== undefined && Date.now() - written >= ageMs) await rm(path, { force: true })
  }
}

/** A marker is believed only after a short look: what was changed since then goes to the quarantine, and is made anew. */
async function isThere({ root, lockId, form }: BuildOrder, log: BuildLog): Promise<boolean> {
  let look: EnvironmentLook
  try {
    if (readMade(root, lockId).form !== form) return false
    look = await lookAtEnvironment(root, lockId, 'times')
  } catch (error) {
    if (!(error instanceof LookTrouble)) throw error
    // It may be as good as ever, and jobs be in it: nothing is known, so nothing is removed.
    if (error.code === 'unreadable') throw buildFailure('storage', error.message, { transient: true, cause: error })
    log.say(`not made: ${error.message}`)
    return false
  }
  if (look.drift === null) return true
  const { path } = await quarantineEnvironment(root, lockId)
  log.say(`${look.drift.detail} It lies in ${path} now.`)
  return false
}

async function makeAnew(making: Making, lock: HeldLock, signal: AbortSignal): Promise<void> {
  const { order, buildDirectory, machine, state, log, seconds } = making
  const { root, lockId, form } = order
  const paths = madePaths(root, lockId)
  const packages = join(root, ENVIRONMENT_FILES.packages)
  checkPip(order)
  const offline = order.offline || (await anyBrought(packages, order.lock.conda))
  const installer = await chooseInstaller({ ...order, offline }, machine, join(buildDirectory, HOME))
  state.installer(installer)
  log.say(`${installer.path} is ${installer.tool} ${installer.version}`)
  // One install at a time: old installers and a shared cache are not made for more.
  const cache = await holdLock(join(root, ENVIRONMENT_FILES.locks, CACHE_LOCK), {
    signal,
    onWait: () => log.say('another environment is being installed: waiting for the package cache'),
  })
  let prefix: string
  let seen: Awaited<ReturnType<typeof lookAtBytes>>
  try {
    await checkRoom(packages, order.lock.conda)
    state.step('download', { done: 0, of: order.lock.conda.length, unit: 'packages' })
    await readyCache(packages, order, signal)
    prefix = await install(
      { order, buildDirectory, tree: paths.tree, installer, machine, locks: [lock, cache], seconds, log, state },
      signal,
    )
    seen = await lookAtBytes(
      { prefix, lock: order.lock, lockId, manifest: null },
      { signal, onProgress: (done, of) => state.step('verify', { done, of, unit: 'files' }) },
    )
    if (seen.look.drift !== null) throw unlike(seen.look.drift)
  } finally {
    await dropUnpacked(packages, order.lock.conda).catch(error =>
      log.say(`what was unpacked could not be removed: ${error.message}`),
    )
    cache.release()
  }
  const files = await writeManifest(paths.files, seen.entries)
  const archive = form === 'packed' ? await packed(making, prefix, signal) : null
  state.step('publish')
  await onDisk(making, form === 'packed' ? dirname(paths.archive) : paths.tree, lock, signal)
  signal.throwIfAborted()
  const marker: MadeEnvironment = {
    v: 1,
    lockId,
    platform: order.lock.platform,
    form,
    prefix,
    installer,
    madeAt: new Date().toISOString(),
    host: hostname(),
    packages: order.lock.conda.length,
    pipPackages: order.lock.pip.length,
    files: files.files,
    bytes: files.bytes,
    filesSha256: files.sha256,
    archive,
  }
  await replacePublicly(paths.marker, `${JSON.stringify(marker)}\n`)
}

const unlike = (drift: NonNullable<EnvironmentLook['drift']>): BuildFailure =>
  buildFailure('verify-failed', `What was installed is not what the lock says: ${drift.detail}.`, {
    evidence: drift.files.map(one => `${one.what} ${one.path}${one.package === null ? '' : ` (${one.package})`}`),
    transient: true,
  })

async function packed(
  { order, state }: Making,
  prefix: string,
  signal: AbortSignal,
): Promise<MadeEnvironment['archive']> {
  const { archive, tree } = madePaths(order.root, order.lockId)
  state.step('pack')
  const made = await packPrefix(
    { prefix, archive },
    { signal, onProgress: (done, of) => state.step('pack', { done, of, unit: 'files' }) },
  )
  await removeTree(tree)
  return { sha256: made.sha256, bytes: made.bytes }
}

/** The marker may not be on disk before what it vouches for: the whole file system is asked, which is less than 50,000 files one by one. */
async function onDisk(
  { buildDirectory, log, seconds }: Making,
  path: string,
  lock: HeldLock,
  signal: AbortSignal,
): Promise<void> {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' }
  const order = { env, cwd: buildDirectory, seconds: seconds(), locks: [lock], log }
  let end = await runProgram({ ...order, argv: ['sync', '--file-system', path] }, signal)
  // coreutils before 8.24 of 2015 have no such option.
  if (end.tail.some(line => /unrecognized option/.test(line)))
    end = await runProgram({ ...order, argv: ['sync'] }, signal)
  if (end.code !== 0)
    throw buildFailure('storage', `What was installed could not be brought to disk (sync: exit code ${end.code}).`, {
      evidence: end.tail,
      transient: true,
    })
  await syncDirectory(dirname(path))
}
