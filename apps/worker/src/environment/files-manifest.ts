// Writes <lock id>.files. Whoever looks later trusts it by the hash of it in the marker.
import { createHash } from 'node:crypto'
import { kindOf, type ManifestEntry, manifestText } from './manifest-format.ts'
import { replacePublicly } from './public-file.ts'

export interface WrittenManifest {
  /** Of its text. */
  sha256: string
  /** Files and links; folders are not counted. */
  files: number
  /** Of all of them. */
  bytes: number
}

/** Durable when this resolves. Entries without a hash that are no folders (a pipe, a socket) have no place in a package. */
export async function writeManifest(path: string, entries: readonly ManifestEntry[]): Promise<WrittenManifest> {
  const text = manifestText(entries)
  await replacePublicly(path, text)
  return { sha256: createHash('sha256').update(text).digest('hex'), ...countOf(entries) }
}

export function countOf(entries: readonly ManifestEntry[]): { files: number; bytes: number } {
  const files = entries.filter(({ mode }) => kindOf(mode) !== 'directory')
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) }
}
