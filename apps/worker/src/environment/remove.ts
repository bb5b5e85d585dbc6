// Takes environments away, and makes their trees such that nobody changes them by accident. Trees are read-only, so folders are made
// writable as they are come to; links are never followed.
import { chmod, lstat, readdir, rmdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isFileSystemError, syncDirectory } from '../durable-file.ts'
import { holdLock } from './build-lock.ts'
import { commandOn, type Out } from './command-on.ts'
import { madePaths } from './made-files.ts'

export interface Removed {
  bytes: number
  /** Files and links. */
  files: number
}

/** The file system is asked for so many at a time: a parallel one takes a millisecond for each. */
const AT_A_TIME = 32

/**
 * Somebody may still be at it, such as the tar of an unpacking that was killed, until it notices: then there are names that were not there
 * before, and the folder is gone through again, for two seconds.
 */
const MOST_TRIES = 100
const TRY_AGAIN_MS = 20

/** Nothing there is no error; neither is somebody else who removes the same. @throws where the file system refuses */
export async function removeTree(path: string): Promise<Removed> {
  const removed: Removed = { bytes: 0, files: 0 }
  await removeEntry(path, removed)
  return removed
}

async function removeEntry(path: string, removed: Removed): Promise<void> {
  const stat = await lstat(path).catch(unlessGone)
  if (stat === undefined) return
  if (!stat.isDirectory()) {
    await unlink(path).catch(unlessGone)
    removed.files++
    removed.bytes += stat.size
    return
  }
  if ((stat.mode & 0o700) !== 0o700) await chmod(path, 0o700).catch(unlessGone)
  for (let tries = 1; ; tries++) {
    const names = (await readdir(path).catch(unlessGone)) ?? []
    for (let at = 0; at < names.length; at += AT_A_TIME)
      await Promise.all(names.slice(at, at + AT_A_TIME).map(name => removeEntry(`${path}/${name}`, removed)))
    try {
      return void (await rmdir(path).catch(unlessGone))
    } catch (error) {
      if (!isFileSystemError(error) || error.code !== 'ENOTEMPTY' || tries === MOST_TRIES) throw error
    }
    await sleep(TRY_AGAIN_MS)
  }
}

function unlessGone(error: unknown): undefined {
  if (isFileSystemError(error) && error.code === 'ENOENT') return undefined
  throw error
}

/**
 * No file and no folder below, nor the folder itself, may be written to by anybody (but root, whom nothing keeps), and everybody may read
 * them: jobs run as other users than the one who makes it. No file is run as its owner: that would be whoever makes environments.
 */
export async function makeReadOnly(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true })
  for (let at = 0; at < entries.length; at += AT_A_TIME)
    await Promise.all(
      entries.slice(at, at + AT_A_TIME).map(async entry => {
        if (entry.isDirectory()) await makeReadOnly(`${path}/${entry.name}`)
        else if (entry.isFile()) await seal(`${path}/${entry.name}`, fileMode)
      }),
    )
  await seal(path, folderMode)
}

const ALL = { read: 0o444, run: 0o111 } as const
const fileMode = (mode: number): number => ALL.read | ((mode & ALL.run) === 0 ? 0 : ALL.run)
/** Its group may be handed on to what is made in it (setgid), as project folders have it. */
const folderMode = (mode: number): number => ALL.read | ALL.run | (mode & 0o2000)

async function seal(path: string, sealed: (mode: number) => number): Promise<void> {
  const mode = (await lstat(path)).mode & 0o7777
  if (mode !== sealed(mode)) await chmod(path, sealed(mode))
}

/** The marker first, durably: whatever happens then, nobody takes what is left for an environment. The caller has the lock. */
export async function removeEnvironment(root: string, lockId: string): Promise<Removed> {
  const { marker, files, archive, tree } = madePaths(root, lockId)
  const removed = await removeTree(marker)
  if (removed.files > 0) await syncDirectory(dirname(marker))
  for (const path of [tree, archive, files]) {
    const { bytes, files: count } = await removeTree(path)
    removed.bytes += bytes
    removed.files += count
  }
  return removed
}

/** `remove <root> <lock id>`: prints what was removed; nothing there is nothing removed. */
export const removeCommand = (args: readonly string[], out: Out): Promise<number> =>
  commandOn(args, out, async (root, lockId) => {
    const lock = await holdLock(madePaths(root, lockId).lock)
    try {
      return await removeEnvironment(root, lockId)
    } finally {
      lock.release()
    }
  })
