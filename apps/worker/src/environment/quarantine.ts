// What does not match its lock any more is put aside, so that somebody can look at what happened to it, and the next job has it made anew.
import { constants } from 'node:fs'
import { chmod, lstat, mkdir, readdir, rename, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ENVIRONMENT_FILES } from '@trotline/contracts'
import { isFileSystemError, syncDirectory } from '../durable-file.ts'
import { holdLock } from './build-lock.ts'
import { commandOn, type Out } from './command-on.ts'
import { madePaths } from './made-files.ts'
import { removeTree } from './remove.ts'

const { S_IFDIR, S_IFMT } = constants

export interface Quarantined {
  /** Where it lies now; null: there was nothing. */
  path: string | null
}

/** The marker goes first, and stands for nothing where it goes. The caller has the lock. */
export async function quarantineEnvironment(
  root: string,
  lockId: string,
  now: () => Date = () => new Date(),
): Promise<Quarantined> {
  const { marker, tree, files, archive } = madePaths(root, lockId)
  const time = now().toISOString().replace(/[-:]/g, '').replace('.', '')
  const path = `${root}/${ENVIRONMENT_FILES.quarantine}/${lockId}-${time}`
  await mkdir(path, { recursive: true, mode: 0o755 })
  let moved = 0
  for (const [from, name] of [
    [marker, 'made.json'],
    [tree, 'tree'],
    [files, 'files'],
    [archive, 'archive.tar.gz'],
  ] as const) {
    if (await moveTo(from, `${path}/${name}`)) moved++
    if (from === marker) await syncDirectory(dirname(marker))
  }
  if (moved === 0) {
    await rmdir(path)
    return { path: null }
  }
  await syncDirectory(path)
  await dropOlder(root, lockId, path)
  return { path }
}

/** One of each lock is kept, the newest: an environment that drifts again and again would fill the disk. */
async function dropOlder(root: string, lockId: string, newest: string): Promise<void> {
  const folder = `${root}/${ENVIRONMENT_FILES.quarantine}`
  // What a job has open still cannot be removed everywhere: the next time it can.
  for (const name of await readdir(folder))
    if (name.startsWith(`${lockId}-`) && `${folder}/${name}` !== newest)
      await removeTree(`${folder}/${name}`).catch(() => undefined)
}

async function moveTo(from: string, to: string): Promise<boolean> {
  try {
    const { mode } = await lstat(from)
    // rename(2) writes `..` into a folder that it moves into another: a read-only one is moved by root alone.
    const sealed = (mode & S_IFMT) === S_IFDIR && (mode & 0o200) === 0
    if (sealed) await chmod(from, (mode & 0o7777) | 0o200)
    await rename(from, to)
    if (sealed) await chmod(to, mode & 0o7777)
    return true
  } catch (error) {
    if (isFileSystemError(error) && error.code === 'ENOENT') return false
    throw error
  }
}

/** `quarantine <root> <lock id>`: prints where it was put. */
export const quarantineCommand = (args: readonly string[], out: Out): Promise<number> =>
  commandOn(args, out, async (root, lockId) => {
    const lock = await holdLock(madePaths(root, lockId).lock)
    try {
      return await quarantineEnvironment(root, lockId)
    } finally {
      lock.release()
    }
  })
