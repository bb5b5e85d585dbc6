// A file with two names, one of them in the cache, changes with it: conda was seen to install an altered file without a word after one
// environment had written into it. Installers are told to copy; whatever has a second name all the same gets bytes of its own here.
import { chmod, copyFile, lstat, readdir, rename, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'

/** Answers how many there were. @throws whatever `signal` was aborted with, and where the file system refuses */
export async function makeCopiesOwn(prefix: string, signal: AbortSignal): Promise<number> {
  let count = 0
  const folders = [prefix]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted()
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile() && (await copied(path))) count++
    }
  }
  return count
}

async function copied(path: string): Promise<boolean> {
  const { nlink, mode, atime, mtime } = await lstat(path)
  if (nlink === 1) return false
  const beside = `${path}.${process.pid}.new`
  try {
    await copyFile(path, beside)
    await chmod(beside, mode & 0o7777)
    await utimes(beside, atime, mtime)
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  return true
}
