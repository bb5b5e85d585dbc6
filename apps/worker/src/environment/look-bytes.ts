// The full look: every package of the lock is there and no other, every file has the bytes that its package brought, and nothing else lies
// in the prefix. Against the list of when it was made as well, where there is one: that one also has what no package lists.
import type { EnvironmentLock, EnvironmentLook } from '@trotline/contracts'
import { type Claim, type Claims, claimsOf, comparePackages, hasScripts, ownerOf, readRecords } from './conda-meta.ts'
import { collectFindings, type Finding, type Findings } from './drift.ts'
import type { HashedFile } from './hash-batch.ts'
import { hashFiles } from './hash-files.ts'
import { type FilesManifest, kindOf, type ManifestEntry } from './manifest-format.ts'
import { pipPackages } from './pip-records.ts'
import { type PrefixFiles, prefixFiles } from './prefix-files.ts'

export interface BytesOrder {
  prefix: string
  /** The path that stands in its files, where it is another. */
  writtenPrefix?: string
  lock: EnvironmentLock
  lockId: string
  /** null: it is being made. */
  manifest: FilesManifest | null
}

export interface BytesOptions {
  signal?: AbortSignal | undefined
  /** Files done, and of how many. */
  onProgress?: (done: number, of: number) => void
  /** Default: the CPUs that this process may run on. */
  threads?: number
}

export interface BytesLook {
  look: EnvironmentLook
  /** Everything in the prefix, as it was found. */
  entries: ManifestEntry[]
}

/** @throws the signal's reason when it is aborted */
export async function lookAtBytes(
  { prefix, writtenPrefix = prefix, lock, lockId, manifest }: BytesOrder,
  { signal, onProgress, threads }: BytesOptions = {},
): Promise<BytesLook> {
  const began = performance.now()
  const findings = collectFindings()
  const there = await prefixFiles(prefix, signal)
  const records = readRecords(prefix, findings)
  comparePackages(records, lock, findings)
  const listed = claimsOf(records, findings)
  pipPackages(prefix, lock, listed, findings)
  const claims = throughLinks(listed, there)
  const then = manifest === null ? null : new Map(manifest.all().map(entry => [entry.path, entry]))
  let done = 0
  const hashed = await hashFiles(
    prefix,
    there.files.map(path => ({ path, bytes: then?.get(path)?.bytes ?? null })),
    {
      signal,
      ...(threads === undefined ? {} : { threads }),
      // Whether a file that is not as in its archive has the prefix in it is of interest once.
      ...(then === null ? { needle: writtenPrefix } : {}),
      onFiles: files => {
        done += files
        onProgress?.(done, there.files.length)
      },
    },
  )
  const sight: Sight = { there, hashed, claims, findings }
  for (const [path, code] of there.unreadable)
    findings.add({
      path: path || '.',
      what: 'unreadable',
      package: ownerOf(claims, path),
      words: `cannot be read (${code})`,
    })
  const amiss = new Map<string, Finding>()
  for (const [path, list] of claims) {
    const finding = amissOf(path, list, sight)
    if (finding !== null) amiss.set(path, finding)
  }
  for (const finding of amiss.values()) findings.add(finding)
  if (then === null) tellExtras(sight)
  else compareManifest(then, sight, amiss)
  const entries = entriesOf(there, hashed)
  const seconds = (performance.now() - began) / 1000
  const of = entries.length + there.unreadable.size
  return {
    look: { lockId, depth: 'bytes', looked: entries.length, of, seconds, drift: findings.drift() },
    entries,
  }
}

/**
 * Where files really lie: one package may bring lib64/x.so and another the link lib64 -> lib. Only where a link within the prefix stands for a
 * folder of the path.
 */
function throughLinks(listed: Claims, { targets }: PrefixFiles): Claims {
  if (targets.size === 0) return listed
  const claims: Claims = new Map()
  for (const [path, list] of listed) {
    const real = realPath(path, targets)
    claims.set(real, [...(claims.get(real) ?? []), ...list])
  }
  return claims
}

/** The path itself where a folder of it leads out of the prefix, or round and round. */
function realPath(path: string, targets: ReadonlyMap<string, string>): string {
  let real = path
  for (let links = 0; links < MOST_LINKS; links++) {
    const cut = folderLink(real, targets)
    if (cut === null) return real
    const folder = insidePath(real.slice(0, cut), targets.get(real.slice(0, cut)) ?? '')
    if (folder === null) return path
    real = folder === '' ? real.slice(cut + 1) : `${folder}${real.slice(cut)}`
  }
  return path
}

/** As many as Linux follows (path_resolution(7)). */
const MOST_LINKS = 40

/** Where the first folder of the path that is a link ends; null: none is. */
function folderLink(path: string, targets: ReadonlyMap<string, string>): number | null {
  for (let cut = path.indexOf('/'); cut !== -1; cut = path.indexOf('/', cut + 1))
    if (targets.has(path.slice(0, cut))) return cut
  return null
}

interface Sight {
  there: PrefixFiles
  hashed: ReadonlyMap<string, HashedFile | string>
  claims: Claims
  findings: Findings
}

/** null: it is as a package brought it. */
function amissOf(path: string, list: readonly Claim[], { there, hashed, claims }: Sight): Finding | null {
  const finding = { path, package: ownerOf(claims, path) }
  const file = hashed.get(path)
  if (file === undefined && !there.others.has(path)) {
    // A file that could not be compiled is listed and never made (conda, path_actions.py).
    if (list.every(one => one.kind === 'made' && path.endsWith('.pyc'))) return null
    return unreadableAbove(there, path) ? null : { ...finding, what: 'missing' }
  }
  if (file === 'ENOENT') return { ...finding, what: 'missing' }
  if (typeof file === 'string') return { ...finding, what: 'unreadable', words: `cannot be read (${file})` }
  // One of several packages with the same path was linked last, and nobody says which.
  if (list.some(one => fits(one, path, file, { there, claims }))) return null
  const [one] = list
  const words = 'has other bytes than in its archive, and no prefix in it that could be the reason'
  return one?.kind === 'file' && file?.sha256 === one.sha256
    ? { ...finding, what: 'changed', words }
    : { ...finding, what: 'changed' }
}

/** What could not be read has been told of. */
function unreadableAbove({ unreadable }: PrefixFiles, path: string): boolean {
  if (unreadable.has(path)) return true
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    if (unreadable.has(path.slice(0, at))) return true
  return unreadable.has('.')
}

function fits(
  claim: Claim,
  path: string,
  file: HashedFile | undefined,
  { there, claims }: Pick<Sight, 'there' | 'claims'>,
): boolean {
  const kind = kindOf(there.others.get(path)?.mode ?? 0)
  switch (claim.kind) {
    case 'directory':
      return kind === 'directory'
    case 'made':
      return file !== undefined
    case 'file':
      return file !== undefined && file.sha256 === claim.sha256 && mayDiffer(claim, file)
    case 'link':
      // rattler copies what a link points to where the file system has no links.
      if (file !== undefined) return file.sha256 === claim.sha256 || file.sha256 === claim.pristine
      return kind === 'link' && linkFits(claim, path, there, claims)
  }
}

/**
 * A prefix that was written into it is the only reason for a file to differ from its archive. micromamba hashes what it has linked, so that
 * a file of its cache that was altered comes with a sha256_in_prefix that fits; without the prefix in it, it was altered. The first line of
 * a script is the exception: where the prefix is too long for one, all installers write /usr/bin/env there.
 */
const mayDiffer = ({ sha256, pristine }: Claim, { found, script }: HashedFile): boolean =>
  found !== false || script || pristine === null || pristine === sha256

/**
 * What a link's hashes are of depends on the installer, and on what lay behind it when it was built, which may be another package's. A link
 * within its own package is sure: what it points to has the hash that the link has.
 */
function linkFits(claim: Claim, path: string, there: PrefixFiles, claims: Claims): boolean {
  const target = insidePath(path, there.targets.get(path) ?? '')
  if (target === null || claim.pristine === null) return true
  const behind = claims.get(target)?.find(one => one.package === claim.package && one.kind === 'file')
  return behind === undefined || behind.pristine === null || behind.pristine === claim.pristine
}

/** Where a link leads, relative to the prefix; null: out of it. */
function insidePath(path: string, target: string): string | null {
  if (target.startsWith('/')) return null
  const parts = path.split('/').slice(0, -1)
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return null
  }
  return parts.join('/')
}

/** What installers write beside the packages' files. */
const INSTALLERS_OWN =
  /^(?:CACHEDIR\.TAG|conda-meta\/(?:history|state|pinned|frozen|pixi|pixi_env_prefix|\.[^/]+|[^/]+\.json))$/

/** Nothing lies there that no package brought. What scripts of packages left is let pass: they are the packages' own, and no list has it. */
function tellExtras({ there, claims, hashed, findings }: Sight): void {
  if (hasScripts(claims)) return
  const paths = [
    ...there.files,
    ...[...there.others].filter(([, { mode }]) => kindOf(mode) !== 'directory').map(([path]) => path),
  ]
  for (const path of paths)
    if (!claims.has(path) && !INSTALLERS_OWN.test(path) && !isBytecode(path, one => hashed.has(one)))
      findings.add({ path, what: 'extra', package: null })
}

const BYTECODE = /^(.*\/)?__pycache__\/([^/]+?)\.[a-z]+-?\d+(?:\.opt-[12])?\.pyc$/

/**
 * Python's own notes beside a module that is there: scripts and pip leave them as they run, and so does root, whom a read-only folder does
 * not keep from it. Those that were there when the environment was made are held to their bytes.
 */
export function isBytecode(path: string, has: (path: string) => boolean): boolean {
  const [, folder = '', stem] = BYTECODE.exec(path) ?? []
  return stem !== undefined && has(`${folder}${stem}.py`)
}

function compareManifest(
  then: ReadonlyMap<string, ManifestEntry>,
  { there, hashed, claims, findings }: Sight,
  amiss: ReadonlyMap<string, Finding>,
): void {
  for (const [path, entry] of then) {
    if (amiss.has(path) || unreadableAbove(there, path)) continue
    const now = hashed.get(path) ?? there.others.get(path)
    const finding = { path, package: ownerOf(claims, path) }
    if (now === undefined || now === 'ENOENT') findings.add({ ...finding, what: 'missing' })
    else if (typeof now === 'string') findings.add({ ...finding, what: 'unreadable', words: `cannot be read (${now})` })
    else if (!sameEntry(entry, now))
      findings.add({ ...finding, what: 'changed', words: 'is not what it was when it was made' })
  }
  for (const path of [...there.files, ...there.others.keys()])
    if (!then.has(path) && !isBytecode(path, one => hashed.has(one)) && !isCache(path, then))
      findings.add({ path, what: 'extra', package: null })
}

const isCache = (path: string, then: ReadonlyMap<string, ManifestEntry>): boolean =>
  /(?:^|\/)__pycache__$/.test(path) && then.has(path.slice(0, Math.max(path.lastIndexOf('/'), 0)))

/** What may be read and run has to stay so; whether it may be written does not matter. */
const READ_AND_RUN = 0o555

/** Kind, bytes, and nobody has lost the right to read or run it. Times are no matter where the bytes are known. */
export const sameEntry = (then: ManifestEntry, now: Pick<ManifestEntry, 'mode' | 'bytes' | 'sha256'>): boolean =>
  sameKind(then, now) && then.bytes === now.bytes && then.sha256 === now.sha256

/** Kind and rights. */
export const sameKind = (then: ManifestEntry, now: Pick<ManifestEntry, 'mode'>): boolean =>
  kindOf(then.mode) === kindOf(now.mode) &&
  (kindOf(then.mode) === 'link' || (then.mode & ~now.mode & READ_AND_RUN) === 0)

function entriesOf(there: PrefixFiles, hashed: ReadonlyMap<string, HashedFile | string>): ManifestEntry[] {
  const entries = [...there.others.values()]
  for (const [path, file] of hashed)
    if (typeof file !== 'string') {
      const { bytes, mtimeNs, ctimeNs, mode, sha256 } = file
      entries.push({ path, bytes, mtimeNs, ctimeNs, mode, sha256 })
    }
  return entries
}
