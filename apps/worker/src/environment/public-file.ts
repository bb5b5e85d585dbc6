// Files of an environment that every user of the cluster reads: 0644, written beside and renamed, on disk when the promise resolves.
import { open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '../durable-file.ts'

export async function replacePublicly(path: string, content: string): Promise<void> {
  const beside = `${path}.${process.pid}.new`
  try {
    const file = await open(beside, 'w', 0o644)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    // A part of a file takes the room of a disk that is full already.
    await unlink(beside).catch(() => undefined)
    throw error
  }
  await syncDirectory(dirname(path))
}
