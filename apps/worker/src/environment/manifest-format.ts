// <lock id>.files: what everything in a prefix was when it was made, a line each: `bytes mtimeNs ctimeNs mode sha256|- path`. Folders stand
// first, since a folder tells at once whether something was added to it or taken from it. A look reads the lines that it comes to.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'

export type EntryKind = 'directory' | 'file' | 'link' | 'other'

export interface ManifestEntry {
  /** Relative to the prefix, by `/`. */
  path: string
  /** Of a link: of its target's text. Of a folder 0: what a file system needs for one is its own business. */
  bytes: number
  mtimeNs: bigint
  ctimeNs: bigint
  /** st_mode, with the kind of file in it. */
  mode: number
  /** Of a link: of its target's text. null: a folder, and what is none of all these. */
  sha256: string | null
}

const { S_IFMT, S_IFDIR, S_IFREG, S_IFLNK } = constants
const KINDS: ReadonlyMap<number, EntryKind> = new Map([
  [S_IFDIR, 'directory'],
  [S_IFREG, 'file'],
  [S_IFLNK, 'link'],
])
export const kindOf = (mode: number): EntryKind => KINDS.get(mode & S_IFMT) ?? 'other'

const isDirectory = (entry: ManifestEntry): boolean => kindOf(entry.mode) === 'directory'

/** Folders first, then by path: the same text of the same prefix. */
export function manifestText(entries: readonly ManifestEntry[]): string {
  const rows = [...entries].sort((a, b) =>
    isDirectory(a) === isDirectory(b) ? (a.path < b.path ? -1 : 1) : isDirectory(a) ? -1 : 1,
  )
  return rows.map(row => `${lineOf(row)}\n`).join('')
}

const lineOf = ({ path, bytes, mtimeNs, ctimeNs, mode, sha256 }: ManifestEntry): string =>
  `${bytes} ${mtimeNs} ${ctimeNs} ${mode.toString(8)} ${sha256 ?? '-'} ${escaped(path)}`

/** A name may have any byte but NUL and `/`; a line has none that ends it. */
const escaped = (path: string): string => path.replace(/[\\\n\r]/g, one => ESCAPES[one] ?? one)
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' }
const plain = (path: string): string =>
  path.includes('\\')
    ? path.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one === 'r' ? '\r' : one))
    : path

const LINE = /^(\d{1,16}) (-?\d{1,20}) (-?\d{1,20}) ([0-7]{1,7}) ([0-9a-f]{64}|-) (.+)$/s

export function readLine(line: string): ManifestEntry | null {
  const [, bytes = '', mtimeNs = '', ctimeNs = '', mode = '', sha256 = '', path = ''] = LINE.exec(line) ?? []
  if (path === '') return null
  return {
    path: plain(path),
    bytes: Number(bytes),
    mtimeNs: BigInt(mtimeNs),
    ctimeNs: BigInt(ctimeNs),
    mode: Number.parseInt(mode, 8),
    sha256: sha256 === '-' ? null : sha256,
  }
}

export interface FilesManifest {
  /** Of its text. */
  sha256: string
  /** Lines. */
  count: number
  /** The first so many lines are folders. */
  directories: number
  /** @throws Error on a line that is none: the text has the hash that it was written with, so this is a bug */
  at(index: number): ManifestEntry
  all(): ManifestEntry[]
}

/** 50,000 lines are found in 10 ms; read they are one by one. */
export function openManifestText(text: Buffer): FilesManifest {
  const starts: number[] = []
  for (let at = 0; at < text.length; ) {
    starts.push(at)
    const end = text.indexOf(10, at)
    at = end === -1 ? text.length : end + 1
  }
  const at = (index: number): ManifestEntry => {
    const line = text.toString('utf8', starts[index], (starts[index + 1] ?? text.length + 1) - 1).replace(/\n$/, '')
    const entry = readLine(line)
    if (entry === null) throw new Error(`line ${index + 1} of the list of files cannot be read: ${line.slice(0, 200)}`)
    return entry
  }
  return {
    sha256: createHash('sha256').update(text).digest('hex'),
    count: starts.length,
    get directories() {
      let [low, high] = [0, starts.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (isDirectory(at(middle))) low = middle + 1
        else high = middle
      }
      return low
    },
    at,
    all: () => starts.map((_, index) => at(index)),
  }
}
