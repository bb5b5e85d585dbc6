// Where an environment's files lie under <workDir>/environments, and reading those that say what was made.
import { readFileSync } from 'node:fs'
import { ENVIRONMENT_FILES, type EnvironmentLook, MadeEnvironment } from '@trotline/contracts'
import { type FilesManifest, openManifestText } from './manifest-format.ts'

export interface MadePaths {
  /** The tree, whole. The prefix is what the marker says: with pixi it lies deeper. */
  tree: string
  marker: string
  files: string
  archive: string
  build: string
  lockJson: string
  lock: string
}

export function madePaths(root: string, lockId: string): MadePaths {
  const made = `${root}/${ENVIRONMENT_FILES.made}/${lockId}`
  const build = `${root}/${ENVIRONMENT_FILES.builds}/${lockId}`
  return {
    tree: `${root}/${lockId}`,
    marker: `${made}.json`,
    files: `${made}.files`,
    archive: `${made}.tar.gz`,
    build,
    lockJson: `${build}/lock.json`,
    lock: `${root}/${ENVIRONMENT_FILES.locks}/${lockId}`,
  }
}

/**
 * Why there is nothing to look at, in a sentence. missing: it is not made. changed: it was made, and what tells of it is not what it was;
 * to make it anew helps. unreadable: the file system does not say.
 */
export class LookTrouble extends Error {
  override readonly name = 'LookTrouble'
  readonly code: 'missing' | 'changed' | 'unreadable'
  /** changed: which file, relative to the root. */
  readonly path: string
  constructor(
    code: LookTrouble['code'],
    sentence: string,
    { path = '', cause }: { path?: string; cause?: unknown } = {},
  ) {
    super(sentence, { cause })
    this.code = code
    this.path = path
  }
}

/** @throws LookTrouble */
export function readMade(root: string, lockId: string): MadeEnvironment {
  const { marker, tree } = madePaths(root, lockId)
  const changed = (what: string): LookTrouble =>
    new LookTrouble('changed', `${marker} ${what}.`, { path: marker.slice(root.length + 1) })
  const text = textOf(marker)
  if (text === null)
    throw new LookTrouble('missing', `The environment ${short(lockId)} is not made here: there is no ${marker}.`)
  const made = MadeEnvironment.safeParse(jsonOf(text))
  if (!made.success || made.data.lockId !== lockId)
    throw changed(`is not the marker of the environment ${short(lockId)}`)
  const { prefix, form, archive } = made.data
  if (prefix !== tree && !prefix.startsWith(`${tree}/`))
    throw changed(`names ${prefix}, which does not lie under ${tree}`)
  if ((form === 'packed') !== (archive !== null)) throw changed('does not say what it was packed to')
  return made.data
}

/** What everything was when it was made. @throws LookTrouble changed: it is gone, or not the one that the marker names */
export function readManifest(root: string, made: MadeEnvironment): FilesManifest {
  const { files } = madePaths(root, made.lockId)
  const text = textOf(files)
  const manifest = text === null ? null : openManifestText(text)
  if (manifest?.sha256 === made.filesSha256) return manifest
  const what = manifest === null ? 'is gone' : 'is not what was written'
  throw new LookTrouble('changed', `${files}, the list of all files from when the environment was made, ${what}.`, {
    path: files.slice(root.length + 1),
  })
}

/** What tells of the environment is not what it was: that is drift as well. null: it is another trouble. */
export function changedLook(error: unknown, lockId: string, depth: EnvironmentLook['depth']): EnvironmentLook | null {
  if (!(error instanceof LookTrouble) || error.code !== 'changed') return null
  const files = [{ path: error.path, what: 'changed' as const, package: null }]
  const drift = { detail: error.message.replace(/\.$/, ''), files, count: 1 }
  return { lockId, depth, looked: 0, of: 1, seconds: 0, drift }
}

/** null: there is no such file. @throws LookTrouble unreadable */
function textOf(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new LookTrouble('unreadable', `${path} cannot be read (${code ?? message}).`, { cause })
  }
}

/** undefined: there is none that can be read. */
export function jsonAt(path: string): unknown {
  try {
    return jsonOf(readFileSync(path))
  } catch {
    return undefined
  }
}

function jsonOf(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'))
  } catch {
    return undefined
  }
}

export const short = (lockId: string): string => lockId.slice(0, 12)
