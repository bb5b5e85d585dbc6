// The copy of a packed environment on this node's own disk, for one Unix user: <scratch>/trotline-<uid>/<lock id>, the same path for every job,
// unpacked once for as long as somebody uses it.
//
//   .copies/<lock id>/lock                       flock: held while it is unpacked, counted and removed
//   .copies/<lock id>/tree.<process>             being unpacked; of a process that is gone it is removed
//   .copies/<lock id>/gone.<process>             being removed
//   .copies/<lock id>/files                      what everything in it was when it was unpacked
//   .copies/<lock id>/copy.json                  written last: without it, and of another boot, nothing is unpacked
//   .copies/<lock id>/uses/<Slurm job>.<process> who uses it
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Drift, MadeEnvironment } from '@trotline/contracts'
import { claimsOf, ownerOf, readRecords } from './conda-meta.ts'
import { isMarkThere, markOf, markText } from './copy-uses.ts'
import { collectFindings } from './drift.ts'
import { hashFiles } from './hash-files.ts'
import { sameEntry } from './look-bytes.ts'
import { jsonAt } from './made-files.ts'
import { type FilesManifest, type ManifestEntry, manifestText, openManifestText } from './manifest-format.ts'
import { type PrefixFiles, prefixFiles } from './prefix-files.ts'
import { type FileMode, type Relocation, relocateFile, relocateText } from './relocate.ts'
import { removeTree } from './remove.ts'
import { UnpackTrouble, unpackArchive } from './unpack.ts'

export interface CopyPaths {
  /** Under which all copies of a user lie. */
  base: string
  /** Where the environment is for whoever uses it. */
  tree: string
  folder: string
  lock: string
  files: string
  note: string
  uses: string
}

export function copyPaths(place: string, lockId: string, uid: number): CopyPaths {
  const base = `${place.replace(/\/+$/, '')}/trotline-${uid}`
  const folder = `${base}/.copies/${lockId}`
  return {
    base,
    tree: `${base}/${lockId}`,
    folder,
    lock: `${folder}/lock`,
    files: `${folder}/files`,
    note: `${folder}/copy.json`,
    uses: `${folder}/uses`,
  }
}

/** Scratch folders are everybody's: what somebody else has put there under our name is not used. null: it is ours. Else a sentence. */
export function refuseForeign(base: string, uid: number): string | null {
  try {
    mkdirSync(base, { mode: 0o700 })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return `${dirname(base)}, where environments are to be unpacked, is not there on this node.`
    if (code !== 'EEXIST') return `${base} cannot be made: ${message}.`
  }
  // In a folder that everybody writes to without a sticky bit, as /tmp has it, anybody could put another in the place of ours later.
  const { mode } = statSync(dirname(base))
  if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)
    return `${dirname(base)}, where environments are to be unpacked, may be written to by others and has no sticky bit (chmod +t), so that they could exchange what is unpacked there.`
  const stat = lstatSync(base)
  if (stat.isDirectory() && stat.uid === uid && (stat.mode & 0o022) === 0) return null
  return `${base} has to be a folder of user ${uid} that nobody else can write to, and is not: remove it from this node.`
}

interface CopyNote {
  v: 1
  archive: string
  files: string
  boot: string
}

/** What is unpacked, of this archive and since this node was started: what was not on disk when it went down is no matter. */
export async function readyCopy(
  { tree, files, note }: CopyPaths,
  made: MadeEnvironment,
): Promise<FilesManifest | null> {
  const told = jsonAt(note) as Partial<CopyNote> | undefined
  if (told?.v !== 1 || told.archive !== made.archive?.sha256 || told.boot !== markOf()?.boot) return null
  const text = await readFile(files).catch(() => null)
  if (text === null || lstatSync(tree, { throwIfNoEntry: false }) === undefined) return null
  const manifest = openManifestText(text)
  return manifest.sha256 === told.files ? manifest : null
}

export interface CopyOrder {
  paths: CopyPaths
  archive: string
  made: MadeEnvironment
  /** Of what was packed. */
  manifest: FilesManifest
}

/** The archive has the hash that it was packed with, and what came out of it is something else: the disk, or a bug. */
export class CopyDrift extends Error {
  override readonly name = 'CopyDrift'
  readonly drift: Drift
  constructor(drift: Drift) {
    super(drift.detail)
    this.drift = drift
  }
}

/**
 * Unpacks, looks at every byte, and moves the prefix. The caller holds the lock, and nobody uses what may lie there.
 *
 * @throws UnpackTrouble, CopyDrift, what the file system says, and whatever `signal` was aborted with
 */
export async function makeCopy(
  { paths, archive, made, manifest }: CopyOrder,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<FilesManifest> {
  await removeCopy(paths)
  await checkRoom(paths, made)
  const tree = `${paths.folder}/tree.${ownMark()}`
  mkdirSync(tree, { mode: 0o700 })
  try {
    await unpackArchive({ archive, sha256: made.archive?.sha256 ?? '', into: tree }, { signal })
    const entries = await lookAndMove(tree, { from: made.prefix, to: paths.tree }, manifest, signal)
    const text = manifestText(entries)
    writeFileSync(paths.files, text, { mode: 0o600 })
    renameSync(tree, paths.tree)
    chmodSync(paths.tree, 0o555)
    const note: CopyNote = {
      v: 1,
      archive: made.archive?.sha256 ?? '',
      files: openManifestText(Buffer.from(text)).sha256,
      boot: markOf()?.boot ?? '',
    }
    writeFileSync(`${paths.note}.new`, JSON.stringify(note), { mode: 0o600 })
    renameSync(`${paths.note}.new`, paths.note)
    return openManifestText(Buffer.from(text))
  } catch (error) {
    await removeTree(tree)
    await removeCopy(paths)
    throw error
  }
}

/** The caller holds the lock. Another process may be at the same: `gone` of one that is at work is left to it. */
export async function removeCopy({ tree, folder, note, files }: CopyPaths): Promise<void> {
  rmSync(note, { force: true })
  const gone = `${folder}/gone.${ownMark()}`
  if (lstatSync(tree, { throwIfNoEntry: false }) !== undefined) {
    // rename(2) writes into a folder that it moves to another.
    chmodSync(tree, 0o700)
    renameSync(tree, gone)
  }
  rmSync(files, { force: true })
  for (const name of readdirSync(folder)) {
    const [, mark] = /^(?:tree|gone)\.(.+)$/.exec(name) ?? []
    if (mark !== undefined && (mark === ownMark() || !isMarkThere(mark))) await removeTree(`${folder}/${name}`)
  }
}

function ownMark(): string {
  const mark = markOf()
  if (mark === null) throw new Error('this process is not in /proc')
  return markText(mark)
}

async function checkRoom({ base }: CopyPaths, made: MadeEnvironment): Promise<void> {
  const { bavail, bsize } = await statfs(base)
  const free = bavail * bsize
  if (free >= made.bytes) return
  const mebibytes = (bytes: number): string => Math.ceil(bytes / 1_048_576).toLocaleString('en-US')
  throw new UnpackTrouble(
    'storage',
    `The environment takes ${mebibytes(made.bytes)} MiB unpacked, and ${base} has ${mebibytes(free)} MiB left.`,
  )
}

/** Everything as it is in the end. */
async function lookAndMove(
  tree: string,
  relocation: Relocation,
  manifest: FilesManifest,
  signal: AbortSignal | undefined,
): Promise<ManifestEntry[]> {
  const there = await prefixFiles(tree, signal)
  const then = new Map(manifest.all().map(entry => [entry.path, entry]))
  const files = there.files.map(path => ({ path, bytes: then.get(path)?.bytes ?? null }))
  const hashed = await hashFiles(tree, files, { needle: relocation.from, signal })
  const findings = collectFindings()
  const records = readRecords(tree, findings)
  const claims = claimsOf(records, collectFindings())
  for (const [path, entry] of then) {
    if (path === '.') continue
    const now = hashed.get(path) ?? there.others.get(path)
    const base = { path, package: ownerOf(claims, path) }
    if (now === undefined) findings.add({ ...base, what: 'missing' })
    else if (typeof now === 'string') findings.add({ ...base, what: 'unreadable', words: `cannot be read (${now})` })
    else if (!sameEntry(entry, now)) findings.add({ ...base, what: 'changed', words: 'was unpacked to other bytes' })
  }
  for (const path of [...there.files, ...there.others.keys()])
    if (!then.has(path)) findings.add({ path, what: 'extra', package: null })
  const drift = findings.drift()
  if (drift !== null) throw new CopyDrift(drift)
  const modes = new Map<string, FileMode>(
    records.flatMap(({ record }) =>
      (record.paths_data?.paths ?? []).flatMap(({ _path, file_mode: mode }) =>
        mode === 'text' || mode === 'binary' ? [[_path, mode] as const] : [],
      ),
    ),
  )
  const moved = there.files.filter(path => isFound(hashed.get(path)) && !path.endsWith('.pyc'))
  for (const path of moved) {
    signal?.throwIfAborted()
    relocateFile(`${tree}/${path}`, relocation, modes.get(path) ?? null)
  }
  moveLinks(tree, there, relocation)
  const again = await hashFiles(
    tree,
    moved.map(path => ({ path, bytes: null })),
    { signal },
  )
  const now = await prefixFiles(tree, signal)
  const entries = [...now.others.values()].map(entry => (entry.path === '.' ? { ...entry, mode: 0o040555 } : entry))
  for (const path of there.files) {
    const file = again.get(path) ?? hashed.get(path)
    if (typeof file !== 'object') throw new UnpackTrouble('storage', `${tree}/${path} cannot be read (${file}).`)
    const { bytes, mtimeNs, ctimeNs, mode, sha256 } = file
    entries.push({ path, bytes, mtimeNs, ctimeNs, mode, sha256 })
  }
  return entries
}

const isFound = (file: unknown): boolean =>
  typeof file === 'object' && file !== null && 'found' in file && file.found === true

/** Links that lead into the prefix by its whole path. */
function moveLinks(tree: string, { targets }: PrefixFiles, relocation: Relocation): void {
  for (const [path, target] of targets) {
    if (target !== relocation.from && !target.startsWith(`${relocation.from}/`)) continue
    const link = `${tree}/${path}`
    const folder = dirname(link)
    const { mode } = lstatSync(folder)
    chmodSync(folder, mode | 0o200)
    unlinkSync(link)
    symlinkSync(relocateText(Buffer.from(target), relocation).toString(), link)
    chmodSync(folder, mode & 0o7777)
  }
}
