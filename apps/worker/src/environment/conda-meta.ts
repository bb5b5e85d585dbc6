// What the installer says it installed: conda-meta/*.json against the lock, and which package brought which file.
import { readdirSync, readFileSync } from 'node:fs'
import { type CondaPath, CondaRecord, type EnvironmentLock, type LockedConda } from '@trotline/contracts'
import type { Findings } from './drift.ts'

/** A package's word on a path. */
export interface Claim {
  package: string
  /** file: its hash is known. made: written as the package was installed, without a hash. */
  kind: 'file' | 'link' | 'directory' | 'made'
  /** As it lies in the prefix. */
  sha256: string | null
  /** As it lay in the archive, where that is another. */
  pristine: string | null
}

/** By path; of several packages with one path the last one linked wins, and nobody says which that was. */
export type Claims = Map<string, Claim[]>

const RECORD_FILE = /^[^/]+\.json$/

export interface FoundRecord {
  /** Of its file, relative to the prefix. */
  path: string
  record: CondaRecord
}

/** Adds findings: what cannot be read. */
export function readRecords(prefix: string, findings: Findings): FoundRecord[] {
  let names: string[] = []
  try {
    names = readdirSync(`${prefix}/conda-meta`)
  } catch (error) {
    const words = `cannot be read (${(error as NodeJS.ErrnoException).code}): this is no environment of conda`
    findings.add({ path: 'conda-meta', what: 'unreadable', package: null, words })
    return []
  }
  if (!names.includes('history')) findings.add({ path: 'conda-meta/history', what: 'missing', package: null })
  return names
    .filter(name => RECORD_FILE.test(name))
    .flatMap(name => {
      const path = `conda-meta/${name}`
      const record = readRecord(`${prefix}/${path}`)
      if (typeof record !== 'string') return [{ path, record }]
      findings.add({ path, what: 'unreadable', package: null, words: record })
      return []
    })
}

/** Adds findings: packages that are missing, extra, or not the lock's. */
export function comparePackages(records: readonly FoundRecord[], lock: EnvironmentLock, findings: Findings): void {
  const wanted = new Map(lock.conda.map(one => [one.name, one]))
  for (const { path, record } of records) {
    const locked = wanted.get(record.name)
    const words = locked === undefined ? null : differenceOf(record, locked)
    const label = labelOf(record)
    if (locked === undefined) findings.add({ path, what: 'package-extra', package: label })
    else if (words !== null) findings.add({ path, what: 'package-changed', package: label, words })
    wanted.delete(record.name)
  }
  for (const one of wanted.values())
    findings.add({ path: recordPathOf(one), what: 'package-missing', package: labelOf(one) })
}

/** Adds findings: packages that list files without hashes. */
export function claimsOf(records: readonly FoundRecord[], findings: Findings): Claims {
  const claims: Claims = new Map()
  for (const { path, record } of records) claimFiles(record, labelOf(record), path, claims, findings)
  return claims
}

const SCRIPT = /^bin\/\.[^/]+-post-link\.sh$/

/** A package brings a script that runs after linking: what such a script leaves stands in no list. */
export const hasScripts = (claims: Claims): boolean => [...claims.keys()].some(path => SCRIPT.test(path))

/** For words only: the package that a file belongs to. */
export const ownerOf = (claims: Claims, path: string): string | null => claims.get(path)?.at(-1)?.package ?? null

export const recordPathOf = ({ name, version, build }: Pick<LockedConda, 'name' | 'version' | 'build'>): string =>
  `conda-meta/${name}-${version}-${build}.json`

const labelOf = ({ name, version, build }: Pick<LockedConda, 'name' | 'version' | 'build'>): string =>
  `${name} ${version} ${build}`

/** A text: what is wrong with the file. */
function readRecord(path: string): CondaRecord | string {
  try {
    const record = CondaRecord.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    if (record.success) return record.data
    const [issue] = record.error.issues
    return `is no record of a package: ${issue?.path.join('.')} ${issue?.message}`
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return `cannot be read (${code ?? message})`
  }
}

/** null: it is the lock's. Where it came from is not compared: a mirror has another address. */
function differenceOf(record: CondaRecord, locked: LockedConda): string | null {
  for (const field of ['version', 'build', 'subdir'] as const)
    if (record[field] !== locked[field]) return `is installed, and the lock has ${field} ${locked[field]}`
  // micromamba and older condas may know only the md5 of a lock that has no more; the maker checks the archive's sha256 itself.
  const [hash, known] = record.sha256 ? (['sha256', record.sha256] as const) : (['md5', record.md5] as const)
  if (!known) return 'was installed from an archive whose hash nobody wrote down'
  return known.toLowerCase() === locked[hash]
    ? null
    : `was installed from an archive with ${hash} ${known}, and the lock has ${locked[hash]}`
}

function claimFiles(record: CondaRecord, label: string, path: string, claims: Claims, findings: Findings): void {
  const paths = record.paths_data?.paths ?? []
  const told = new Set<string>()
  let bare = 0
  for (const one of paths) {
    told.add(one._path)
    const claim = claimOf(one, label)
    if (claim === null) bare++
    else claims.set(one._path, [...(claims.get(one._path) ?? []), claim])
  }
  // conda 23.11 writes an empty paths_data of a package whose files in the cache were altered, and installs those (seen).
  for (const one of record.files ?? []) {
    if (told.has(one)) continue
    if (one.endsWith('.pyc')) claims.set(one, [...(claims.get(one) ?? []), madeAs(label)])
    else bare++
  }
  if (bare > 0)
    findings.add({
      path,
      what: 'package-changed',
      package: label,
      words: `lists ${bare} ${bare === 1 ? 'file' : 'files'} without a hash, so that nobody can tell what was installed`,
    })
}

/** Written when packages are linked, so no archive has their hash (conda's path_actions.py, micromamba's link.cpp). */
const MADE_TYPES = ['pyc_file', 'unix_python_entry_point']

const madeAs = (label: string): Claim => ({ package: label, kind: 'made', sha256: null, pristine: null })

/** null: a file without a hash. */
function claimOf(one: CondaPath, label: string): Claim | null {
  const base = { package: label, sha256: lower(one.sha256_in_prefix), pristine: lower(one.sha256) }
  if (one.path_type === 'directory') return { ...base, kind: 'directory' }
  if (one.path_type === 'softlink') return { ...base, kind: 'link' }
  if (MADE_TYPES.includes(one.path_type ?? '') && base.sha256 === null && base.pristine === null)
    return { ...base, kind: 'made' }
  const sha256 = base.sha256 ?? base.pristine
  return sha256 === null ? null : { ...base, kind: 'file', sha256 }
}

const lower = (hash: string | null | undefined): string | null => (hash ? hash.toLowerCase() : null)
