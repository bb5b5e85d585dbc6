// The look at job start, in a fraction of a second: what everything is, by lstat alone, against what it was when it was made. Folders first:
// a folder's mtime is that of the last name added to it or taken from it. Then files, in an order that differs from job to job, as far as the
// time goes; so what one job does not come to, another does, and the look says how many it was.
//
// What counts. Another kind or size, or a lost right to read or run, is drift at once. Another mtime or ctime only says that somebody touched
// the file, so it is read, and its bytes decide: a chmod, another hard link, a restore from a backup and a migration within Lustre change the
// ctime of files that are as they were. ctime is looked at because mtime can be set to what it was (utimensat(2)) and ctime cannot. Over NFS
// both are the server's, up to a minute old (acregmax in nfs(5)), never made up; Lustre keeps whole seconds, so a time without a fraction is
// compared by its second. What changes on a disk beneath the file system has no other times: that is found by the look at bytes.
import { createHash } from 'node:crypto'
import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { posix } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EnvironmentLook } from '@trotline/contracts'
import { claimsOf, ownerOf, readRecords } from './conda-meta.ts'
import { collectFindings, type Finding } from './drift.ts'
import { hashBatch } from './hash-batch.ts'
import { isBytecode, sameKind } from './look-bytes.ts'
import { type FilesManifest, kindOf, type ManifestEntry } from './manifest-format.ts'
import { sha256OfLink } from './prefix-files.ts'

export interface TimesOrder {
  prefix: string
  lockId: string
  manifest: FilesManifest
  /** Decides the order of the files. */
  salt: string
}

export interface TimesOptions {
  /** Of lstat calls and of reading what has other times; default 150. */
  budgetMs?: number | undefined
  signal?: AbortSignal | undefined
  clock?: () => number
}

const BUDGET_MS = 150
/** A file with another mtime was written to, or somebody says so: it is read, whatever the budget, this long in all. */
const WRITTEN_MS = 30_000
/** A file system that answers more slowly than this is asked for several at a time, and keeps nobody from a signal. */
const QUICK_MS = 0.25
const AT_A_TIME = 32
const TURN = 256
/** Between two looks at the clock: fewer would take a moment without a CPU for a slow file system. */
const ASK_CLOCK = 32

/** @throws the signal's reason when it is aborted */
export async function lookAtTimes(
  { prefix, lockId, manifest, salt }: TimesOrder,
  { budgetMs = BUDGET_MS, signal, clock = () => performance.now() }: TimesOptions = {},
): Promise<EnvironmentLook> {
  const began = clock()
  const end = began + budgetMs
  const findings: Finding[] = []
  const touched: ManifestEntry[] = []
  const folders: string[] = []
  let looked = 0
  const judge = (entry: ManifestEntry, now: BigIntStats | string): void => {
    const sight = judged(entry, now)
    if (sight === 'same') looked++
    else if (sight === 'names') folders.push(entry.path)
    else if (sight === 'touched') touched.push(entry)
    else {
      looked++
      findings.push(sight)
    }
  }
  const order = orderOf(manifest.directories, manifest.count, salt)
  let slow = false
  for (let next = 0; next < order.length && (next === 0 || clock() < end); ) {
    signal?.throwIfAborted()
    const some = Array.from({ length: Math.min(slow ? AT_A_TIME : TURN, order.length - next) }, (_, i) =>
      manifest.at(order.at(next + i)),
    )
    const before = clock()
    let done = 0
    if (slow) {
      const stats = await Promise.all(some.map(({ path }) => statOf(`${prefix}/${path}`)))
      for (const [i, entry] of some.entries()) judge(entry, stats[i] ?? 'ENOENT')
      done = some.length
    } else
      for (const entry of some) {
        judge(entry, quickStatOf(`${prefix}/${entry.path}`))
        done++
        if (done % ASK_CLOCK === 0 && (clock() >= end || (clock() - before) / done > QUICK_MS)) break
      }
    next += done
    slow ||= done >= ASK_CLOCK && (clock() - before) / done > QUICK_MS
    if (!slow) await nextTurn()
  }
  looked += folders.length
  if (folders.length > 0) findings.push(...namesOf(prefix, folders, manifest))
  looked += await readTouched(prefix, touched, findings, { end, clock, signal })
  const drift = driftOf(prefix, findings)
  return { lockId, depth: 'times', looked, of: manifest.count, seconds: (clock() - began) / 1000, drift }
}

/** Folders as they stand, then the others: each once, by steps that have no divisor with their number in common. */
function orderOf(directories: number, count: number, salt: string): { length: number; at(place: number): number } {
  const files = count - directories
  const seed = createHash('sha256').update(salt).digest()
  let step = files > 1 ? 1 + (seed.readUInt32LE(0) % (files - 1)) : 1
  while (divisor(step, files) !== 1) step++
  const start = files > 0 ? seed.readUInt32LE(4) % files : 0
  return {
    length: count,
    at: place => (place < directories ? place : directories + ((start + (place - directories) * step) % files)),
  }
}

const divisor = (a: number, b: number): number => (b === 0 ? (a === 0 ? 1 : a) : divisor(b, a % b))

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)
const statOf = (path: string): Promise<BigIntStats | string> => lstat(path, { bigint: true }).catch(codeOf)
function quickStatOf(path: string): BigIntStats | string {
  try {
    return lstatSync(path, { bigint: true })
  } catch (error) {
    return codeOf(error)
  }
}

function judged(then: ManifestEntry, now: BigIntStats | string): 'same' | 'names' | 'touched' | Finding {
  const { path } = then
  if (now === 'ENOENT' || now === 'ENOTDIR') return { path, what: 'missing', package: null }
  if (typeof now === 'string') return { path, what: 'unreadable', package: null, words: `cannot be read (${now})` }
  if (!sameKind(then, { mode: Number(now.mode) }))
    return { path, what: 'changed', package: null, words: 'is of another kind or mode than when it was made' }
  const kind = kindOf(then.mode)
  if (kind === 'directory') return sameTime(then.mtimeNs, now.mtimeNs) ? 'same' : 'names'
  if (kind === 'other') return 'same'
  if (then.bytes !== Number(now.size))
    return { path, what: 'changed', package: null, words: sizes(then.bytes, now.size) }
  return sameTime(then.mtimeNs, now.mtimeNs) && sameTime(then.ctimeNs, now.ctimeNs) ? 'same' : 'touched'
}

const sizes = (then: number, now: bigint): string => `has ${now} bytes, and had ${then} when it was made`

const SECOND = 1_000_000_000n
const sameTime = (a: bigint, b: bigint): boolean =>
  a === b || (a / SECOND === b / SECOND && (a % SECOND === 0n || b % SECOND === 0n))

/** Folders whose names may not be what they were, against all lines: 50 ms, and only where there is a reason. */
function namesOf(prefix: string, folders: readonly string[], manifest: FilesManifest): Finding[] {
  const wanted = new Map(folders.map(folder => [folder, new Set<string>()]))
  const known = new Set<string>()
  for (const { path } of manifest.all()) {
    known.add(path)
    if (path !== '.') wanted.get(posix.dirname(path))?.add(posix.basename(path))
  }
  return folders.flatMap((folder): Finding[] => {
    let names: string[]
    try {
      names = readdirSync(`${prefix}/${folder}`)
    } catch (error) {
      return [{ path: folder, what: 'unreadable', package: null, words: `cannot be read (${codeOf(error)})` }]
    }
    const then = wanted.get(folder) ?? new Set()
    const now = new Set(names)
    return [
      ...[...then].filter(name => !now.has(name)).map(name => found(posix.join(folder, name), 'missing')),
      ...names
        .filter(
          name =>
            !then.has(name) && name !== '__pycache__' && !isBytecode(posix.join(folder, name), one => known.has(one)),
        )
        .map(name => found(posix.join(folder, name), 'extra')),
    ]
  })
}

const found = (path: string, what: 'missing' | 'extra'): Finding => ({ path, what, package: null })

interface Reading {
  end: number
  clock: () => number
  signal: AbortSignal | undefined
}

/** How many were read. Those with another mtime first; those with another ctime only as far as the budget goes. */
async function readTouched(
  prefix: string,
  touched: readonly ManifestEntry[],
  findings: Finding[],
  { end, clock, signal }: Reading,
): Promise<number> {
  const written = (entry: ManifestEntry): boolean => {
    const now = quickStatOf(`${prefix}/${entry.path}`)
    return typeof now === 'string' || !sameTime(entry.mtimeNs, now.mtimeNs)
  }
  const [first, rest] = [touched.filter(written), touched.filter(entry => !written(entry))]
  const last = clock() + WRITTEN_MS
  let read = 0
  for (const [entries, until] of [
    [first, last],
    [rest, end],
  ] as const)
    for (const entry of entries) {
      if (clock() > until) break
      // A signal gets its turn between two files.
      await nextTurn()
      signal?.throwIfAborted()
      read++
      const sha256 = contentOf(prefix, entry)
      if (sha256 === entry.sha256) continue
      const { path } = entry
      if (sha256.length === 64) findings.push({ path, what: 'changed', package: null })
      else findings.push({ path, what: 'unreadable', package: null, words: `cannot be read (${sha256})` })
    }
  return read
}

/** A hash, or why there is none. */
function contentOf(prefix: string, { path, mode }: ManifestEntry): string {
  if (kindOf(mode) === 'link') {
    try {
      return sha256OfLink(readlinkSync(`${prefix}/${path}`))
    } catch (error) {
      return codeOf(error)
    }
  }
  const [file] = hashBatch({ prefix, paths: [path], needle: null })
  return typeof file === 'object' ? file.sha256 : (file ?? 'ENOENT')
}

/** Only now is it asked which package a file belongs to. */
function driftOf(prefix: string, findings: readonly Finding[]): EnvironmentLook['drift'] {
  const told = collectFindings()
  if (findings.length === 0) return null
  // What is wrong with the records themselves is the business of the look at bytes.
  const claims = claimsOf(readRecords(prefix, collectFindings()), collectFindings())
  // A folder that lost a file and the file that is missing are found apart.
  const seen = new Set<string>()
  for (const finding of findings) {
    if (seen.has(finding.path)) continue
    seen.add(finding.path)
    told.add({ ...finding, package: finding.package ?? ownerOf(claims, finding.path) })
  }
  return told.drift()
}
