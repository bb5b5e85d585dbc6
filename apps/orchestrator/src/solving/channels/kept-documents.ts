// The documents kept on this machine: each named by its sha256, and proved by it before it is used. The proof holds as long as the file is not
// touched; a damaged one is removed, and fetched anew by whoever needs it.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, rm, stat } from 'node:fs/promises'
import { documentPath, indexPath, type KeptPaths } from './kept-paths.ts'
import { readIndex } from './repodata-index.ts'

/** index-gone: the document is whole, and has to be indexed anew. */
export type Standing = 'whole' | 'index-gone' | 'gone'

export interface KeptDocuments {
  standingOf(sha256: string, signal: AbortSignal): Promise<Standing>
  /** It was written by us just now. */
  trust(sha256: string): Promise<void>
}

export function createKeptDocuments({ repodata }: KeptPaths): KeptDocuments {
  const proved = new Map<string, string>()
  const identityOf = async (sha256: string): Promise<string | null> => {
    const parts = await Promise.all([documentPath(repodata, sha256), indexPath(repodata, sha256)].map(identity))
    return parts.includes(null) ? null : parts.join(' ')
  }
  return {
    standingOf: async (sha256, signal) => {
      const now = await identityOf(sha256)
      if (now !== null && proved.get(sha256) === now) return 'whole'
      proved.delete(sha256)
      const document = documentPath(repodata, sha256)
      if ((await fileHash(document, 'sha256', signal)) !== sha256) {
        await rm(document, { force: true })
        await rm(indexPath(repodata, sha256), { force: true })
        return 'gone'
      }
      if (!(await indexIsWhole(indexPath(repodata, sha256), sha256))) return 'index-gone'
      // What was looked at first: a file that has been changed meanwhile is looked at again.
      if (now !== null) proved.set(sha256, now)
      return 'whole'
    },
    trust: async sha256 => {
      const now = await identityOf(sha256)
      if (now !== null) proved.set(sha256, now)
    },
  }
}

/** Changes with every write, whatever times somebody sets: null where there is no file. */
export async function identity(file: string): Promise<string | null> {
  try {
    const { size, mtimeNs, ctimeNs, ino } = await stat(file, { bigint: true })
    return `${size}-${mtimeNs}-${ctimeNs}-${ino}`
  } catch {
    return null
  }
}

/** null where it cannot be read. In slices: 250 MB take some 0.3 s, of which no one is long. */
export async function fileHash(file: string, hash: 'sha256' | 'md5', signal: AbortSignal): Promise<string | null> {
  const sum = createHash(hash)
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024, signal })) sum.update(chunk)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof TypeError) throw error
    return null
  }
  return sum.digest('hex')
}

async function indexIsWhole(file: string, sha256: string): Promise<boolean> {
  try {
    return readIndex(await readFile(file))?.header.documentSha256 === sha256
  } catch {
    return false
  }
}
