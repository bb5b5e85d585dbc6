// What pip says it installed: each package's <name>-<version>.dist-info/RECORD in site-packages, with a sha256 of every file but itself and
// the .pyc files made on the spot (packaging.python.org calls this the record of installed projects).
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import type { EnvironmentLock, LockedPip } from '@trotline/contracts'
import type { Claims } from './conda-meta.ts'
import type { Findings } from './drift.ts'

const FOLDER = /^(.+?)-([^-]+)\.dist-info$/
const HASH = /^sha256=([A-Za-z0-9_-]{43})=*$/

/** Adds the packages' files to the claims, and findings: packages that are missing or of another version, records that cannot be read. */
export function pipPackages(prefix: string, lock: EnvironmentLock, claims: Claims, findings: Findings): void {
  if (lock.pip.length === 0) return
  const installed = infoFolders(prefix)
  for (const one of lock.pip) {
    const label = `${one.name} ${one.version} (pip)`
    const found = installed.get(one.name) ?? []
    const right = found.find(({ version }) => sameVersion(version, one.version))
    if (right === undefined) {
      const [other] = found
      const path = other?.path ?? `${one.name}-${one.version}.dist-info`
      if (other === undefined) findings.add({ path, what: 'package-missing', package: label })
      else
        findings.add({
          path,
          what: 'package-changed',
          package: label,
          words: `is in the lock, and ${other.version} is installed`,
        })
    } else claimRecord(prefix, right.path, label, claims, findings)
  }
}

interface InfoFolder {
  path: string
  version: string
}

/** By the normalized name, PEP 503. */
function infoFolders(prefix: string): Map<string, InfoFolder[]> {
  const folders = new Map<string, InfoFolder[]>()
  for (const python of namesIn(`${prefix}/lib`).filter(name => /^python\d+\.\d+$/.test(name))) {
    const site = `lib/${python}/site-packages`
    for (const folder of namesIn(`${prefix}/${site}`)) {
      const [, name, version] = FOLDER.exec(folder) ?? []
      if (name === undefined || version === undefined) continue
      const key = name.replace(/[-_.]+/g, '-').toLowerCase()
      folders.set(key, [...(folders.get(key) ?? []), { path: `${site}/${folder}`, version }])
    }
  }
  return folders
}

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** A folder's name has `_` for what a version may not have in a file name. */
const sameVersion = (a: LockedPip['version'], b: string): boolean =>
  a.toLowerCase().replace(/[-_]/g, '.') === b.toLowerCase().replace(/[-_]/g, '.')

function claimRecord(prefix: string, folder: string, label: string, claims: Claims, findings: Findings): void {
  const path = `${folder}/RECORD`
  const amiss = (what: 'unreadable' | 'package-changed', words: string): void =>
    findings.add({ path, what, package: label, words })
  let text: string
  try {
    text = readFileSync(`${prefix}/${path}`, 'utf8')
  } catch (error) {
    amiss('unreadable', `cannot be read (${(error as NodeJS.ErrnoException).code}): pip wrote no list of its files`)
    return
  }
  let bare = 0
  for (const line of text.split(/\r?\n/)) {
    if (line === '') continue
    const [written = '', hash = ''] = fieldsOf(line)
    const file = posix.normalize(posix.join(posix.dirname(folder), written))
    if (written.startsWith('/') || file.startsWith('../')) {
      amiss('package-changed', `put ${written.slice(0, 200)} outside the environment`)
      continue
    }
    const [, digest] = HASH.exec(hash) ?? []
    const sha256 = digest === undefined ? null : Buffer.from(digest, 'base64url').toString('hex')
    const made = sha256 === null
    if (made && file !== path && !/\.pyc$/.test(file)) bare++
    claims.set(file, [
      ...(claims.get(file) ?? []),
      { package: label, kind: made ? 'made' : 'file', sha256, pristine: sha256 },
    ])
  }
  if (bare > 0) amiss('package-changed', `lists ${bare} ${bare === 1 ? 'file' : 'files'} without a hash`)
}

/** A row of CSV: a field with a comma or a quote in it stands in quotes. */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, field = '']) =>
    field.startsWith('"') ? field.slice(1, -1).replace(/""/g, '"') : field,
  )
}
