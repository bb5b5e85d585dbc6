// Reads and hashes files, one after the other, in whichever thread this runs. Whatever a file is at the moment it is read, its times
// included, is told together: it comes from the same descriptor.
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

export interface HashBatch {
  prefix: string
  paths: string[]
  /** Bytes to look for in each file, such as a prefix; null: nothing is looked for. */
  needle: string | null
}

export interface HashedFile {
  bytes: number
  mtimeNs: bigint
  ctimeNs: bigint
  mode: number
  sha256: string
  /** Does it have the needle? null: none was looked for. */
  found: boolean | null
  /** It begins with `#!`. */
  script: boolean
}

/** By the order of the paths; a text: why one cannot be read. */
export type HashedBatch = (HashedFile | string)[]

const CHUNK_BYTES = 1_048_576
let chunk: Buffer | null = null

export const hashBatch = ({ prefix, paths, needle }: HashBatch): HashedBatch => {
  const wanted = needle === null ? null : Buffer.from(needle)
  return paths.map(path => {
    try {
      return hashFile(`${prefix}/${path}`, wanted)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? (error as Error).message
    }
  })
}

/** Never follows a link, and never waits for the other end of a pipe. */
function hashFile(path: string, needle: Buffer | null): HashedFile {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const { mtimeNs, ctimeNs, mode } = fstatSync(file, { bigint: true })
    const sum = createHash('sha256')
    chunk ??= Buffer.allocUnsafeSlow(CHUNK_BYTES)
    let found = false
    // The end of the chunk before: a needle may lie across two.
    let kept = 0
    let bytes = 0
    let script = false
    for (;;) {
      const read = readSync(file, chunk, kept, CHUNK_BYTES - kept, null)
      if (read === 0) break
      if (bytes === 0) script = chunk[0] === 0x23 && chunk[1] === 0x21 && read > 1
      bytes += read
      const end = kept + read
      sum.update(chunk.subarray(kept, end))
      if (needle !== null && !found) {
        found = chunk.subarray(0, end).includes(needle)
        kept = found ? 0 : Math.min(end, needle.length - 1)
        chunk.copyWithin(0, end - kept, end)
      } else kept = 0
    }
    return {
      bytes,
      mtimeNs,
      ctimeNs,
      mode: Number(mode),
      sha256: sum.digest('hex'),
      found: needle === null ? null : found,
      script,
    }
  } finally {
    closeSync(file)
  }
}
