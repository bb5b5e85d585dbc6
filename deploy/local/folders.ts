// Where the local cluster keeps its files: one home for what lasts, one short private folder in /tmp for Unix sockets.

import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DeployError } from '../errors.ts'

/** Makes the folder readable by all, and answers its real path. */
export function openHome(home: string): string {
  const wanted = resolve(home)
  makeFolder(wanted, 0o755)
  const real = realpathSync(wanted)
  // slurm.conf ends a value at white space, starts a comment at # and fills in %n: such a path cannot be written there.
  if (!/^[\w./+@,=~-]+$/.test(real)) {
    throw new DeployError(
      'HOME_UNUSABLE',
      `${real}: Slurm's configuration takes no spaces or special characters in paths; move the folder`,
    )
  }
  return real
}

/**
 * Sockets cannot live in the home: their paths may have 107 characters at most. Others must get through (a second Unix
 * user's Slurm commands talk to munged), so the folder is 0755.
 */
export function runtimeFolder(home: string): string {
  const uid = process.getuid?.() ?? 0
  return `/tmp/trotline-${uid}-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`
}

export const openRuntimeFolder = (home: string): string => openTemporaryFolder(runtimeFolder(home))

/** In /tmp, where anybody could have made it first: its owner is checked. */
export function openTemporaryFolder(folder: string): string {
  try {
    mkdirSync(folder, { mode: 0o755 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const { uid, mode } = assertOwnFolder(folder)
  if (uid === process.getuid?.() && (mode & 0o777) !== 0o755) chmodSync(folder, 0o755)
  return folder
}

function assertOwnFolder(folder: string) {
  const found = lstatSync(folder)
  if (found.isSymbolicLink() || !found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new DeployError('HOME_UNUSABLE', `${folder} is not a folder of ours: remove it, somebody else made it`)
  }
  return found
}

export function removeRuntimeFolder(home: string) {
  const folder = runtimeFolder(home)
  if (!existsSync(folder)) return
  assertOwnFolder(folder)
  rmSync(folder, { recursive: true, force: true })
}

export function makeFolder(folder: string, mode: number) {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, mode) // mkdir's mode is cut by the caller's umask
}

/** Written beside and renamed. */
export function writeWhole(file: string, content: string | Buffer, mode = 0o644) {
  makeParent(file)
  const beside = `${file}.new`
  rmSync(beside, { force: true })
  writeFileSync(beside, content, { mode })
  chmodSync(beside, mode)
  renameSync(beside, file)
}

/** A random secret of 32 bytes in a file of mode 0600, made once. */
export function keepSecret(file: string): string {
  if (!existsSync(file)) writeWhole(file, randomBytes(32).toString('base64url'), 0o600)
  return readFileSync(file, 'utf8').trim()
}

/** Undefined when the file does not exist or is no JSON (a half-written one counts as none). */
export function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch {
    return undefined
  }
}

function makeParent(file: string) {
  mkdirSync(dirname(file), { recursive: true })
}
