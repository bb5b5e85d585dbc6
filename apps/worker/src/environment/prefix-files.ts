// What lies in a prefix, by its folders: no file is opened.
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ManifestEntry } from './manifest-format.ts'

export interface PrefixFiles {
  /** Paths of regular files, relative to the prefix. */
  files: string[]
  /** Folders, links, and what else there is, by path; the prefix itself is `.`. */
  others: Map<string, ManifestEntry>
  /** Targets of the links, by path. */
  targets: Map<string, string>
  /** Why (ENOENT, EACCES …), by path. */
  unreadable: Map<string, string>
}

/** A prefix of a million files is told as one that cannot be read, before it fills the memory. */
const MOST_ENTRIES = 2_000_000
const FOLDERS_A_TURN = 64

export async function prefixFiles(prefix: string, signal?: AbortSignal): Promise<PrefixFiles> {
  const found: PrefixFiles = { files: [], others: new Map(), targets: new Map(), unreadable: new Map() }
  attempt(found.unreadable, '.', () => found.others.set('.', otherEntry(prefix, '.', found.targets)))
  const folders = ['.']
  for (let turn = 1; ; turn++) {
    const folder = folders.pop()
    if (folder === undefined) return found
    attempt(found.unreadable, folder, () => {
      for (const entry of readdirSync(`${prefix}/${folder}`, { withFileTypes: true })) {
        const path = folder === '.' ? entry.name : `${folder}/${entry.name}`
        if (entry.isFile()) found.files.push(path)
        else attempt(found.unreadable, path, () => found.others.set(path, otherEntry(prefix, path, found.targets)))
        if (entry.isDirectory()) folders.push(path)
      }
    })
    if (found.files.length + found.others.size > MOST_ENTRIES) {
      found.unreadable.set('.', `more than ${MOST_ENTRIES} files`)
      return found
    }
    if (turn % FOLDERS_A_TURN !== 0) continue
    await nextTurn()
    signal?.throwIfAborted()
  }
}

function attempt(unreadable: Map<string, string>, path: string, what: () => void): void {
  try {
    what()
  } catch (error) {
    unreadable.set(path, (error as NodeJS.ErrnoException).code ?? (error as Error).message)
  }
}

function otherEntry(prefix: string, path: string, targets: Map<string, string>): ManifestEntry {
  const { mode, mtimeNs, ctimeNs } = lstatSync(`${prefix}/${path}`, { bigint: true })
  const entry = { path, bytes: 0, mtimeNs, ctimeNs, mode: Number(mode), sha256: null }
  if ((entry.mode & 0o170000) !== 0o120000) return entry
  const target = readlinkSync(`${prefix}/${path}`)
  targets.set(path, target)
  return { ...entry, bytes: Buffer.byteLength(target), sha256: sha256OfLink(target) }
}

export const sha256OfLink = (target: string): string => createHash('sha256').update(target).digest('hex')
