// Files that others may be reading are written beside and renamed; what must survive a power cut is fsynced, and so is
// the folder that names it.
import { link, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A full disk, a quota, a folder that is gone: the file system said no. Anything else that is thrown is a bug. */
export const isFileSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'code' in error

export async function syncDirectory(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } catch (error) {
    // fsync(2): EINVAL means that this file system has no such thing for folders.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
  } finally {
    await folder.close()
  }
}

/** Writes a new file and has it on disk when the promise resolves. `flag` 'wx' refuses to touch an existing one. */
export async function writeSynced(path: string, content: string | Uint8Array, flag: 'w' | 'wx'): Promise<void> {
  const file = await open(path, flag, 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Readers see the old file or the whole new one, and never lose the new one once this resolves. */
export function replaceDurably(path: string, content: string | Uint8Array): Promise<void> {
  return replace(path, content, async () => undefined)
}

/**
 * The same, and the old file is at `previous` afterwards. A link is made of it before it is replaced, so that at every moment
 * there is a whole file at `path`; the folder is on a file system with hard links, or there would be no fence.
 */
export function replaceKeepingPrevious(path: string, previous: string, content: string | Uint8Array): Promise<void> {
  return replace(path, content, async () => {
    const beside = `${previous}.${process.pid}.new`
    try {
      await link(path, beside)
      await rename(beside, previous)
    } catch (error) {
      // The first one has none before it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    } finally {
      // rename(2) leaves both names where they are one file already.
      await unlink(beside).catch(() => undefined)
    }
  })
}

async function replace(path: string, content: string | Uint8Array, before: () => Promise<void>): Promise<void> {
  const beside = `${path}.${process.pid}.new`
  try {
    await writeSynced(beside, content, 'w')
    await before()
    await rename(beside, path)
  } catch (error) {
    // A part of a file takes the room of a disk that is full already.
    await unlink(beside).catch(() => undefined)
    throw error
  }
  await syncDirectory(dirname(path))
}
