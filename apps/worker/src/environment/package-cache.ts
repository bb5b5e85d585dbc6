// .packages: the installer's cache, nobody's but ours. Before an install it holds of a lock's archives only those that have the lock's
// sha256: what the server brought is laid in, what is something else goes out. What an installer unpacked is believed never: it may be half
// done, or altered, and installers take such files as they are, with a hash in conda-meta that fits (seen of conda 23.11 and libmamba). So
// it goes out before an install, and after one as well, when it is half of the room that environments take.
import { createHash } from 'node:crypto'
import { createReadStream, constants as fsConstants } from 'node:fs'
import { copyFile, link, open, readdir, readFile, rm, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildOrder, LockedConda } from '@trotline/contracts'
import { isFileSystemError } from '../durable-file.ts'
import { type BuildFailure, buildFailure } from './build-failure.ts'
import { fileNameOf, folderNameOf, mirrored } from './install-source.ts'
import { removeTree } from './remove.ts'

/** Where the server lays what it brings: archives/<sha256>/<file name>. */
const BROUGHT = 'archives'

type CacheOrder = Pick<BuildOrder, 'lock' | 'offline' | 'mirrors'>

/**
 * Done under the cache's lock.
 *
 * @throws BuildFailure archive-changed: what was brought is not what the lock names; archive-unavailable: offline, and it is not there
 */
export async function readyCache(
  packages: string,
  { lock, offline, mirrors }: CacheOrder,
  signal: AbortSignal,
): Promise<void> {
  await dropUnpacked(packages, lock.conda)
  const laidIn: LockedConda[] = []
  const missing: string[] = []
  for (const one of lock.conda) {
    signal.throwIfAborted()
    const cached = join(packages, fileNameOf(one))
    if ((await sha256Of(cached)) === one.sha256) continue
    await rm(cached, { force: true })
    if (await layIn(packages, one)) laidIn.push(one)
    else if (offline) missing.push(fileNameOf(one))
  }
  if (missing.length > 0)
    throw buildFailure(
      'archive-unavailable',
      `${missing[0]} was not brought${missing.length === 1 ? '' : `, and ${missing.length - 1} more`}: nothing can be fetched here.`,
      { evidence: missing, transient: true },
    )
  await tellUrls(
    packages,
    laidIn.map(one => mirrored(one.url, mirrors)),
  )
}

/** Whatever any installer unpacked of them. */
export async function dropUnpacked(packages: string, conda: readonly LockedConda[]): Promise<void> {
  for (const one of conda) await removeTree(join(packages, folderNameOf(one)))
  // rattler's, which keeps no archives.
  await removeTree(join(packages, 'pixi', 'pkgs'))
}

/**
 * What an installer fetched, against sha256: it was told the md5 only. Answers those that it did not keep, of which conda-meta has to know it.
 *
 * @throws BuildFailure archive-changed
 */
export async function checkFetched(
  packages: string,
  conda: readonly LockedConda[],
  signal: AbortSignal,
): Promise<LockedConda[]> {
  const notKept: LockedConda[] = []
  for (const one of conda) {
    signal.throwIfAborted()
    const cached = join(packages, fileNameOf(one))
    const found = await sha256Of(cached)
    if (found === null) notKept.push(one)
    else if (found !== one.sha256) {
      await rm(cached, { force: true })
      throw changed(one, found)
    }
  }
  return notKept
}

/** Does the server bring some of them, such as those of channels that only it can read? */
export async function anyBrought(packages: string, conda: readonly LockedConda[]): Promise<boolean> {
  const there = new Set(await readdir(join(packages, BROUGHT)).catch(() => []))
  return conda.some(one => there.has(one.sha256))
}

/** How many of a lock's archives are there, by their names. */
export async function fetchedOf(packages: string, conda: readonly LockedConda[]): Promise<number> {
  const there = new Set(await readdir(packages).catch(() => []))
  return conda.filter(one => there.has(fileNameOf(one))).length
}

/**
 * What it will take at the least: what is packed takes twice the room once unpacked, and lies there twice, in the cache and in the tree.
 *
 * @throws BuildFailure storage
 */
export async function checkRoom(packages: string, conda: readonly LockedConda[]): Promise<void> {
  const needed = 3 * conda.reduce((sum, { size }) => sum + (size ?? 0), 0)
  const { bavail, bsize, blocks } = await statfs(packages)
  const free = bavail * bsize
  // Some file systems do not tell (statfs(2): fields that they do not know are 0).
  if (free >= needed || blocks === 0) return
  throw buildFailure(
    'storage',
    `The environment takes ${mebibytes(needed)} MiB at the least, and ${packages} has ${mebibytes(free)} MiB left.`,
    { transient: true },
  )
}

const mebibytes = (bytes: number): string => Math.floor(bytes / 1024 ** 2).toLocaleString('en-US')

const changed = (one: LockedConda, found: string, transient = false): BuildFailure =>
  buildFailure(
    'archive-changed',
    `${fileNameOf(one)} is not what the lock names: its sha256 is ${found}, that of the lock ${one.sha256}.`,
    { evidence: [one.url], transient },
  )

/** False: it was not brought. What has become something else since is removed, so that the server brings it anew with the next try. */
async function layIn(packages: string, one: LockedConda): Promise<boolean> {
  const brought = join(packages, BROUGHT, one.sha256, fileNameOf(one))
  const found = await sha256Of(brought)
  if (found === null) return false
  if (found !== one.sha256) {
    await rm(brought, { force: true })
    throw changed(one, found, true)
  }
  const cached = join(packages, fileNameOf(one))
  const beside = `${cached}.${process.pid}.new`
  await rm(beside, { force: true })
  // An installer removes archives from its cache and never changes them: one file under two names does.
  await link(brought, cached).catch(async error => {
    if (!isFileSystemError(error)) throw error
    await copyFile(brought, beside, fsConstants.COPYFILE_FICLONE)
    await link(beside, cached)
    await unlink(beside)
  })
  return true
}

/** conda believes a file in its cache only where urls.txt says where it is from (conda/core/package_cache_data.py). */
async function tellUrls(packages: string, urls: readonly string[]): Promise<void> {
  const path = join(packages, 'urls.txt')
  const told = new Set((await readFile(path, 'utf8').catch(() => '')).split('\n'))
  const news = urls.filter(url => !told.has(url))
  if (news.length === 0) return
  const file = await open(path, 'a', 0o644)
  try {
    await file.writeFile(news.map(url => `${url}\n`).join(''))
  } finally {
    await file.close()
  }
}

/** null: it is not there. */
async function sha256Of(path: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(piece)
  } catch (error) {
    if (isFileSystemError(error) && error.code === 'ENOENT') return null
    throw error
  }
  return hash.digest('hex')
}
