// Which documents were used together: a solve is repeated exactly by the id of a snapshot. Each is a small file, whose time is that of its last use.
import { createHash } from 'node:crypto'
import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { RepodataSnapshot } from '@trotline/contracts'
import { canonicalJson } from '@trotline/environment'
import { readJsonFile, writeJsonFile } from './channel-state.ts'
import { type KeptPaths, snapshotPath } from './kept-paths.ts'

type Channels = RepodataSnapshot['channels']

/** When a document was fetched is of no account. */
export const snapshotId = (channels: Channels): string =>
  createHash('sha256')
    .update(canonicalJson(channels.map(({ channel, subdir, sha256 }) => ({ channel, subdir, sha256 }))))
    .digest('hex')

/** Kept, or kept longer where it is there already. */
export async function keepSnapshot(paths: KeptPaths, channels: Channels, now: Date): Promise<RepodataSnapshot> {
  const id = snapshotId(channels)
  const file = snapshotPath(paths, id)
  const kept = await readSnapshot(paths, id)
  if (kept === null) await writeJsonFile(file, { id, channels } satisfies RepodataSnapshot)
  await utimes(file, now, now).catch(() => undefined)
  return kept ?? { id, channels }
}

/** null: it is not kept, or no longer. */
export async function readSnapshot(paths: KeptPaths, id: string): Promise<RepodataSnapshot | null> {
  const snapshot = await readJsonFile(snapshotPath(paths, id), RepodataSnapshot)
  return snapshot !== null && snapshot.id === id && snapshotId(snapshot.channels) === id ? snapshot : null
}

/** For each document in a kept snapshot, when one with it was last used, in milliseconds. Snapshots beyond the newest `most` are removed. */
export async function lastUses(paths: KeptPaths, most: number): Promise<Map<string, number>> {
  const uses = new Map<string, number>()
  const files = await filesByUse(paths)
  for (const { id, usedMs } of files.slice(0, most))
    for (const { sha256 } of (await readSnapshot(paths, id))?.channels ?? [])
      uses.set(sha256, Math.max(usedMs, uses.get(sha256) ?? 0))
  for (const { id } of files.slice(most)) await rm(snapshotPath(paths, id), { force: true })
  return uses
}

/** Of those without all of their documents nothing can be repeated. */
export async function dropSnapshotsWith(paths: KeptPaths, gone: ReadonlySet<string>): Promise<void> {
  if (gone.size === 0) return
  for (const { id } of await filesByUse(paths)) {
    const snapshot = await readSnapshot(paths, id)
    if (snapshot === null || snapshot.channels.some(({ sha256 }) => gone.has(sha256)))
      await rm(snapshotPath(paths, id), { force: true })
  }
}

async function filesByUse({ snapshots }: KeptPaths): Promise<{ id: string; usedMs: number }[]> {
  const found: { id: string; usedMs: number }[] = []
  for (const name of await readdir(snapshots).catch(() => [])) {
    const id = /^([0-9a-f]{64})\.json$/.exec(name)?.[1]
    const usedMs = (await stat(join(snapshots, name)).catch(() => null))?.mtimeMs
    if (id !== undefined && usedMs !== undefined) found.push({ id, usedMs })
  }
  return found.sort((a, b) => b.usedMs - a.usedMs)
}
