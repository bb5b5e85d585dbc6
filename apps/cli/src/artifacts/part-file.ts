// A file while it comes: under a name of its own beside the one it will have, of the content that is awaited. Whoever is interrupted finds
// the bytes again; whoever reads the folder never sees half of a file under its name.
import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Artifact } from '@trotline/contracts'
import { CliError } from '../errors.ts'

const READ_BYTES = 1_048_576

export type PartFile = {
  /** Bytes that are here from an earlier try; they count for the digest. */
  readonly kept: number
  write(part: Uint8Array, at: number): Promise<void>
  /** Of all that was kept and written. */
  digest(): string
  /** Durable, and under its name. @throws CliError CONFLICT where another file has that name and is not to be replaced */
  place(target: string, overwrite: boolean): Promise<void>
  /** Away with it: it is not what it was to be. */
  discard(): Promise<void>
  close(): Promise<void>
}

/** Two that fetch the same write the same bytes to the same places. */
export async function openPart(
  folder: string,
  { path, bytes, sha256 }: Pick<Artifact, 'path' | 'bytes' | 'sha256'>,
): Promise<PartFile> {
  const file = join(folder, `.${path}.${sha256.slice(0, 12)}.part`)
  // Others may write to the folder: a link that lies there is not followed.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
  const handle = await open(file, flags, 0o666)
  let { size } = await handle.stat()
  if (size > bytes) {
    await handle.truncate(0)
    size = 0
  }
  const hash = createHash('sha256')
  await hashInto(hash, handle, size)
  return {
    kept: size,
    write: async (part, at) => {
      for (let done = 0; done < part.length; ) {
        const { bytesWritten } = await handle.write(part, done, part.length - done, at + done)
        done += bytesWritten
      }
      hash.update(part)
    },
    digest: () => hash.copy().digest('hex'),
    place: async (target, overwrite) => {
      await handle.sync()
      if (overwrite) return rename(file, target)
      try {
        // Unlike a rename it fails where there is one.
        await link(file, target)
        await rm(file, { force: true })
      } catch (error) {
        if (codeOf(error) === 'EEXIST') throw isThere(target)
        // A file system without links.
        if ((await lstat(target).catch(() => null)) !== null) throw isThere(target)
        await rename(file, target)
      }
    },
    discard: () => rm(file, { force: true }),
    close: () => handle.close(),
  }
}

/** @returns null where there is no such file, or something else has the name */
export async function digestOf(file: string): Promise<{ bytes: number; sha256: string } | null> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => null)
  if (handle === null) return null
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) return null
    const hash = createHash('sha256')
    await hashInto(hash, handle, stat.size)
    return { bytes: stat.size, sha256: hash.digest('hex') }
  } finally {
    await handle.close()
  }
}

export const isThere = (target: string): CliError =>
  new CliError('CONFLICT', `There is a file ${target} already, and it is another one.`, {
    fix: ['Take another folder: -o DIR', 'or replace it: --overwrite'],
  })

async function hashInto(hash: Hash, handle: FileHandle, size: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(size, 1)))
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - at), at)
    if (bytesRead === 0) return
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
