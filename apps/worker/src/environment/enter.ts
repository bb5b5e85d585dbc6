// How a run comes into its environment: a look at what is there before anything expensive begins, and of a packed one a copy on the node's own
// disk, unpacked by the first job that comes and removed by the last that leaves.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import {
  type EnvironmentLook,
  type MadeEnvironment,
  RunEnvironment,
  type RunFailure,
  Sha256,
} from '@trotline/contracts'
import { isFileSystemError } from '../durable-file.ts'
import { BuildFailure } from './build-failure.ts'
import { holdLock, lockIfFree } from './build-lock.ts'
import { CopyDrift, type CopyPaths, copyPaths, makeCopy, readyCopy, refuseForeign, removeCopy } from './copy.ts'
import { addUse, type CopyUse, usesOf } from './copy-uses.ts'
import { lookAtTimes } from './look-times.ts'
import { changedLook, LookTrouble, madePaths, readMade, readManifest, short } from './made-files.ts'
import type { FilesManifest } from './manifest-format.ts'
import { cannotRelocate } from './relocate.ts'
import { UnpackTrouble } from './unpack.ts'

export interface EnterOptions {
  slurmJobId: string
  /** Of the run: decides in which order files are looked at. */
  salt: string
  say(line: string): void
  /** For entering what is ready, with all that is read for it; default 150. */
  budgetMs?: number | undefined
  signal?: AbortSignal | undefined
  /** Default: whoever this process is. */
  uid?: number | undefined
}

export interface Entered {
  /** Where it lies on this node. */
  prefix: string
  look: EnvironmentLook
  /** To be called at the end, however it came to it. Never rejects. */
  leave(): Promise<void>
}

export interface NotEntered {
  failure: RunFailure
  /** What the look found, where one was taken. */
  look: EnvironmentLook | null
}

export const ENTER_FAILURES = {
  drift: 'environment-drift',
  missing: 'environment-missing',
  unreadable: 'environment-unreadable',
  unpack: 'environment-unpack',
} as const

const BUDGET_MS = 150
/** However long it took to read what is to be compared. */
const LEAST_LOOK_MS = 50

/** @throws the signal's reason when it is aborted, and bugs of ours; whatever else is wrong is a failure in words */
export async function enterEnvironment(env: RunEnvironment, options: EnterOptions): Promise<Entered | NotEntered> {
  const end = performance.now() + (options.budgetMs ?? BUDGET_MS)
  const budget = (): number => Math.max(LEAST_LOOK_MS, end - performance.now())
  try {
    const { root, lockId, form } = RunEnvironment.parse(env)
    const made = readMade(root, lockId)
    if (made.form === 'packed' && form === 'tree')
      return notEntered('missing', `The environment ${short(lockId)} was packed since, and this job expects its tree.`)
    const manifest = readManifest(root, made)
    return made.form === 'tree'
      ? await enterTree(made, manifest, { ...options, budgetMs: budget() })
      : await enterCopy(env, made, manifest, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    const drift = changedLook(error, env.lockId, 'times')
    if (drift !== null) return drifted(env.lockId, drift)
    if (error instanceof LookTrouble)
      return notEntered(error.code === 'missing' ? 'missing' : 'unreadable', error.message)
    if (error instanceof UnpackTrouble) return notEntered('unpack', error.message)
    // No flock(1), or a scratch folder without locks.
    if (error instanceof BuildFailure) return notEntered('unpack', error.message)
    if (isFileSystemError(error)) return notEntered('unreadable', `The file system refuses: ${error.message}.`)
    throw error
  }
}

async function enterTree(
  { prefix, lockId }: MadeEnvironment,
  manifest: FilesManifest,
  { salt, budgetMs, signal }: EnterOptions,
): Promise<Entered | NotEntered> {
  const look = await lookAtTimes({ prefix, lockId, manifest, salt }, { budgetMs, signal })
  return look.drift === null ? { prefix, look, leave: async () => undefined } : drifted(lockId, look)
}

const drifted = (lockId: string, look: EnvironmentLook): NotEntered => ({
  failure: {
    reason: 'environment',
    code: ENTER_FAILURES.drift,
    detail: `The environment ${short(lockId)} is not what it was when it was made: ${look.drift?.detail}.`,
    evidence: (look.drift?.files ?? [])
      .slice(0, 16)
      .map(one => `${one.what} ${one.path}${one.package === null ? '' : ` (${one.package})`}`.slice(0, 1000)),
  },
  look,
})

const notEntered = (kind: keyof typeof ENTER_FAILURES, detail: string): NotEntered => ({
  failure: { reason: 'environment', code: ENTER_FAILURES[kind], detail },
  look: null,
})

async function enterCopy(
  { root, lockId, place }: RunEnvironment,
  made: MadeEnvironment,
  manifest: FilesManifest,
  options: EnterOptions,
): Promise<Entered | NotEntered> {
  const { say, signal, slurmJobId, salt, budgetMs, uid = process.getuid?.() ?? 0 } = options
  const paths = copyPaths(place, lockId, uid)
  const refusal = cannotRelocate({ from: made.prefix, to: paths.tree }) ?? refuseForeign(paths.base, uid)
  if (refusal !== null) return notEntered('unpack', refusal)
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 })
  const lock = await holdLock(paths.lock, {
    ...(signal === undefined ? {} : { signal }),
    onWait: () => say(`another job unpacks the environment ${short(lockId)} on this node: waiting for it`),
  })
  try {
    const ready = await readyCopy(paths, made)
    let look =
      ready === null
        ? null
        : await lookAtTimes({ prefix: paths.tree, lockId, manifest: ready, salt }, { budgetMs, signal })
    if (look === null || look.drift !== null) {
      const why =
        look?.drift == null
          ? 'is of an archive that was made anew since'
          : `is not as it was unpacked (${look.drift.detail})`
      const [user] = usesOf(paths.uses)
      if (user !== undefined && existsSync(paths.tree)) return inUse(paths, why, user)
      if (look !== null) say(`${paths.tree} ${why}: it is unpacked anew`)
      look = null
    }
    if (look === null) {
      await sweepOthers(paths, say)
      const began = performance.now()
      const { archive } = madePaths(root, lockId)
      const unpacked = await makeCopy({ paths, archive, made, manifest }, { signal })
      const seconds = (performance.now() - began) / 1000
      say(`the environment ${short(lockId)} was unpacked to ${paths.tree} in ${seconds.toFixed(1)} s`)
      // Every byte of it was looked at on the way.
      look = { lockId, depth: 'bytes', looked: unpacked.count, of: unpacked.count, seconds, drift: null }
    }
    const use = addUse(paths.uses, slurmJobId)
    return { prefix: paths.tree, look, leave: () => leaveCopy(paths, use, say) }
  } catch (error) {
    if (error instanceof CopyDrift)
      return drifted(lockId, { lockId, depth: 'bytes', looked: 0, of: manifest.count, seconds: 0, drift: error.drift })
    if (error instanceof UnpackTrouble && error.code !== 'storage')
      throw new LookTrouble('changed', error.message, {
        path: madePaths(root, lockId).archive.slice(root.length + 1),
        cause: error,
      })
    throw error
  } finally {
    lock.release()
  }
}

/** The archive may be as it should be: it is this node's copy that is not, and others work with it. */
const inUse = ({ tree }: CopyPaths, why: string, { slurmJobId }: CopyUse): NotEntered =>
  notEntered('unpack', `${tree} ${why}, and cannot be replaced while Slurm job ${slurmJobId} uses it.`)

async function leaveCopy(paths: CopyPaths, use: string, say: (line: string) => void): Promise<void> {
  try {
    const lock = await holdLock(paths.lock)
    try {
      rmSync(use, { force: true })
      if (usesOf(paths.uses).length === 0) await removeCopy(paths)
    } finally {
      lock.release()
    }
    await sweepOthers(paths, say)
  } catch (error) {
    say(`the environment's copy ${paths.tree} could not be left as it should be: ${(error as Error).message}`)
  }
}

/** Copies of other environments whose jobs were killed are in nobody's way to be removed but ours. */
async function sweepOthers({ base, folder }: CopyPaths, say: (line: string) => void): Promise<void> {
  for (const lockId of readdirSync(`${base}/.copies`).filter(name => Sha256.safeParse(name).success)) {
    const paths = { ...copyPathsIn(base, lockId) }
    if (paths.folder === folder) continue
    const lock = await lockIfFree(paths.lock).catch(() => null)
    if (lock === null) continue
    try {
      if (usesOf(paths.uses).length === 0) await removeCopy(paths)
    } catch (error) {
      say(`${paths.tree}, which nobody uses any more, could not be removed: ${(error as Error).message}`)
    } finally {
      lock.release()
    }
  }
}

function copyPathsIn(base: string, lockId: string): CopyPaths {
  const cut = base.lastIndexOf('/trotline-')
  return copyPaths(base.slice(0, cut) || '/', lockId, Number(base.slice(cut + '/trotline-'.length)))
}
