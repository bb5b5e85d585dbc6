// Takes away what is kept beyond its limit, least recently used first: documents of repodata, and archives.
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ChannelState, readJsonFile } from './channel-state.ts'
import { documentPath, indexPath, type KeptPaths } from './kept-paths.ts'
import { dropSnapshotsWith, lastUses } from './snapshots.ts'

export const MOST_SNAPSHOTS = 5000

export interface RoomOptions {
  /** In bytes, beyond the newest document of each configured channel. */
  most: number
  now: number
  /** What was used since then may be in use, in milliseconds. */
  usedSince: number
  /** Uses that this process knows of, in milliseconds. */
  usedHere: ReadonlyMap<string, number>
  isConfigured: (channel: string) => boolean
}

/** Answers the documents that were removed. */
export async function makeRoomForDocuments(paths: KeptPaths, options: RoomOptions): Promise<string[]> {
  const uses = await lastUses(paths, MOST_SNAPSHOTS)
  const newest = await newestDocuments(paths, options.isConfigured)
  const documents: Kept[] = []
  for (const name of await readdir(paths.repodata).catch(() => [])) {
    const sha256 = /^([0-9a-f]{64})\.json$/.exec(name)?.[1]
    if (sha256 === undefined || newest.has(sha256)) continue
    const sizes = await Promise.all([documentPath, indexPath].map(path => sizeOf(path(paths.repodata, sha256))))
    const written = (await stat(join(paths.repodata, name)).catch(() => null))?.mtimeMs ?? 0
    documents.push({
      key: sha256,
      bytes: (sizes[0] ?? 0) + (sizes[1] ?? 0),
      usedMs: Math.max(uses.get(sha256) ?? written, options.usedHere.get(sha256) ?? 0),
    })
  }
  const gone = beyond(documents, options)
  for (const sha256 of gone) {
    await rm(documentPath(paths.repodata, sha256), { force: true })
    await rm(indexPath(paths.repodata, sha256), { force: true })
  }
  await dropSnapshotsWith(paths, new Set(gone))
  await dropStatesOf(paths, new Set(gone))
  return gone
}

/** Answers the hashes of the archives that were removed. The time of an archive’s folder is that of its last use. */
export async function makeRoomForArchives(
  { archives }: KeptPaths,
  options: Pick<RoomOptions, 'most' | 'usedSince'>,
): Promise<string[]> {
  const kept: Kept[] = []
  for (const sha256 of await readdir(archives).catch(() => [])) {
    const folder = join(archives, sha256)
    const usedMs = (await stat(folder).catch(() => null))?.mtimeMs
    if (usedMs === undefined) continue
    let bytes = 0
    for (const name of await readdir(folder).catch(() => [])) bytes += await sizeOf(join(folder, name))
    kept.push({ key: sha256, bytes, usedMs })
  }
  const gone = beyond(kept, options)
  for (const sha256 of gone) await rm(join(archives, sha256), { recursive: true, force: true })
  return gone
}

interface Kept {
  key: string
  bytes: number
  usedMs: number
}

function beyond(kept: Kept[], { most, usedSince }: Pick<RoomOptions, 'most' | 'usedSince'>): string[] {
  const gone: string[] = []
  let bytes = 0
  for (const one of kept.sort((a, b) => b.usedMs - a.usedMs)) {
    bytes += one.bytes
    if (bytes > most && one.usedMs < usedSince) gone.push(one.key)
  }
  return gone
}

/** What was seen of channels that nobody configured goes with what was kept of them. */
async function dropStatesOf(paths: KeptPaths, gone: ReadonlySet<string>): Promise<void> {
  if (gone.size === 0) return
  for (const { file, sha256 } of await statesOf(paths)) if (gone.has(sha256)) await rm(file, { force: true })
}

async function newestDocuments(paths: KeptPaths, isConfigured: (channel: string) => boolean): Promise<Set<string>> {
  const states = await statesOf(paths)
  return new Set(states.filter(({ channel }) => isConfigured(channel)).map(({ sha256 }) => sha256))
}

async function statesOf({ channels }: KeptPaths): Promise<{ file: string; channel: string; sha256: string }[]> {
  const states: { file: string; channel: string; sha256: string }[] = []
  for (const name of await readdir(channels).catch(() => [])) {
    const file = join(channels, name)
    const state = name.endsWith('.json') ? await readJsonFile(file, ChannelState) : null
    if (state !== null) states.push({ file, channel: state.channel, sha256: state.sha256 })
  }
  return states
}

const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => null))?.size ?? 0
