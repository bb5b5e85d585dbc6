// The channels that packages come from: their repodata, kept and indexed on this machine, and their archives.
import { rm } from 'node:fs/promises'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type {
  CondaPlatform,
  EnvironmentLock,
  LockedConda,
  Repodata,
  RepodataSnapshot,
  SolveProgress,
} from '@trotline/contracts'
import type { Logger } from 'pino'
import type { EnvironmentsSettings } from '../../environment-settings.ts'
import { SolveError } from '../solve-error.ts'
import { type ArchiveOptions, createArchives } from './archives.ts'
import { storageFault } from './channel-faults.ts'
import { isKept } from './is-kept.ts'
import { createKeptDocuments } from './kept-documents.ts'
import { documentPath, indexPath, keptPaths, statePath } from './kept-paths.ts'
import { type ChannelPlace, createKnownChannels, type LockSources, whoIs } from './known-channels.ts'
import { makeRoomForDocuments } from './make-room.ts'
import { createNewestDocument, type Newest } from './newest-document.ts'
import { type ReadDocument, readDocumentInThread } from './open-document-thread.ts'
import { prepareFolders } from './prepare-folders.ts'
import type { RepodataFile } from './repodata-file.ts'
import { createSingleFlight } from './single-flight.ts'
import { createSlots } from './slots.ts'
import { keepSnapshot, readSnapshot } from './snapshots.ts'
import type { Sphere } from './spheres.ts'
import { allOrFirstError, withFaults } from './together.ts'

export interface RepodataAnswer {
  /** Two for each channel, platform and noarch; channels in order, each once. */
  files: RepodataFile[]
  snapshot: RepodataSnapshot
  /** Sentences for people: a channel that was away, records that were left out. */
  notes: string[]
}

export interface RepodataOptions {
  signal?: AbortSignal
  onProgress?: (progress: SolveProgress) => void
}

export interface Channels {
  /** @throws SolveError CHANNEL_*, SNAPSHOT_GONE, STORAGE_FULL, SOLVE_CANCELLED */
  repodata(
    channels: readonly string[],
    platform: CondaPlatform,
    repodata: Repodata,
    options?: RepodataOptions,
  ): Promise<RepodataAnswer>
  /**
   * Where the archive lies on this machine, downloaded and checked against its size, sha256 and md5. It stays there for an hour at least.
   *
   * @throws SolveError CHANNEL_*, STORAGE_FULL, SOLVE_CANCELLED
   */
  archive(one: LockedConda, options?: ArchiveOptions): Promise<string>
  /**
   * For whoever downloads the archives of a lock without this server.
   */
  mirrorsFor(lock: EnvironmentLock): LockSources
  /**
   * The address of a channel, without a slash at its end.
   *
   * @throws SolveError CHANNEL_REFUSED
   */
  urlOf(channel: string): string
  /** Ends what is under way, and waits for it. */
  close(): Promise<void>
}

const MIB = 1024 * 1024
const AT_ONCE = { network: 4, threads: 2, connections: 8 } as const
/** Nothing for so long, and a channel counts as away. */
const SILENCE_MS = 30_000
/** What was handed out is not taken away under a solve, or an upload. */
const IN_USE_MS = 60 * 60_000

export function createChannels(
  settings: EnvironmentsSettings,
  {
    log,
    now = Date.now,
    silenceMs = SILENCE_MS,
    inUseMs = IN_USE_MS,
    readDocument = readDocumentInThread,
    sphereOf,
  }: ChannelsDeps,
): Channels {
  const paths = keptPaths(settings.directory)
  const known = createKnownChannels(settings)
  const documents = createKeptDocuments(paths)
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: AT_ONCE.connections }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: AT_ONCE.connections }),
  }
  const slots = { network: createSlots(AT_ONCE.network), threads: createSlots(AT_ONCE.threads) }
  const most = settings.repodata.mostMiB * MIB
  const newest = createNewestDocument({
    paths,
    documents,
    agents,
    sphereOf,
    slots,
    readDocument,
    freshMs: settings.repodata.freshMinutes * 60_000,
    most,
    timeLimitMs: settings.repodata.timeLimitSeconds * 1000,
    silenceMs,
    now,
  })
  const archives = createArchives({
    paths,
    known,
    agents,
    sphereOf,
    silenceMs,
    mostKept: settings.archives.keptMiB * MIB,
    inUseMs,
    now,
    log,
  })
  const flights = createSingleFlight<SolveProgress, Newest>()
  const closing = new AbortController()
  /** When a document was handed out last, by its hash. */
  const handedOut = new Map<string, number>()
  let prepared: Promise<void> | undefined
  const prepare = async (): Promise<void> => {
    prepared ??= prepareFolders(Object.values(paths), now)
    await prepared.catch(error => {
      prepared = undefined
      throw storageFault(error, settings.directory) ?? error
    })
  }

  const places = (channels: readonly string[]): ChannelPlace[] => [
    ...new Map(channels.map(channel => known.placeOf(channel)).map(place => [place.url, place])).values(),
  ]

  const fileOf = ({
    channel,
    subdir,
    sha256,
    bytes,
    records,
    fetchedAt,
  }: RepodataSnapshot['channels'][number]): RepodataFile => {
    handedOut.set(sha256, now())
    return {
      channel,
      subdir,
      sha256,
      bytes,
      records,
      fetchedAt,
      path: documentPath(paths.repodata, sha256),
      indexPath: indexPath(paths.repodata, sha256),
    }
  }

  const fromChannels = async (
    asked: readonly ChannelPlace[],
    subdirs: readonly string[],
    mode: 'cached' | 'fresh',
    signal: AbortSignal,
    tell: (progress: SolveProgress) => void,
  ): Promise<RepodataAnswer> => {
    const wanted = asked.flatMap(place => subdirs.map(subdir => ({ place, subdir })))
    const found = await allOrFirstError(signal, wanted, ({ place, subdir }, all) =>
      flights.run(`${mode} ${subdir} ${place.url}`, { signal: all, onTold: tell }, (alone, tellAll) =>
        newest(place, subdir, { mode, signal: alone, tell: tellAll }),
      ),
    )
    for (const place of asked) {
      const states = found.filter(({ state }) => state.channel === place.url)
      if (states.some(({ state }) => state.document !== 'none')) continue
      for (const subdir of subdirs) await rm(statePath(paths, place.url, subdir), { force: true })
      throw new SolveError(
        'CHANNEL_NOT_FOUND',
        `${whoIs(place)} has neither ${subdirs.map(subdir => `${subdir}/repodata.json`).join(' nor ')}: there is no channel for this platform.`,
      )
    }
    const channels = found.map(({ state: { channel, subdir, sha256, bytes, records, fetchedAt } }) => ({
      channel,
      subdir,
      sha256,
      bytes,
      records,
      fetchedAt,
    }))
    const files = channels.map(fileOf)
    const snapshot = await keepSnapshot(paths, channels, new Date(now()))
    if (found.some(({ isNew }) => isNew)) await makeRoom()
    return { files, snapshot, notes: [...new Set(found.flatMap(({ notes }) => notes))] }
  }

  const fromSnapshot = async (
    id: string,
    asked: readonly ChannelPlace[],
    subdirs: readonly string[],
    signal: AbortSignal,
    tell: (progress: SolveProgress) => void,
  ): Promise<RepodataAnswer> => {
    const gone = (why: string): SolveError =>
      new SolveError(
        'SNAPSHOT_GONE',
        `The repodata of snapshot ${id.slice(0, 12)} ${why}. Solve with the present repodata.`,
      )
    const kept = await readSnapshot(paths, id)
    if (kept === null) throw gone('is not kept here, or no longer')
    const channels = asked.flatMap(place =>
      subdirs.map(subdir => {
        const one = kept.channels.find(({ channel, subdir: its }) => channel === place.url && its === subdir)
        if (one === undefined) throw gone(`has nothing of ${place.url} (${subdir})`)
        return one
      }),
    )
    for (const one of channels) {
      if (!(await isKept({ documents, paths, slots, readDocument }, one, signal)))
        throw gone(`is not whole any more: ${one.channel} (${one.subdir}) is missing or damaged`)
      tell({
        step: 'repodata',
        channel: one.channel,
        subdir: one.subdir,
        bytes: one.bytes,
        of: one.bytes,
        how: 'snapshot',
      })
    }
    await keepSnapshot(paths, kept.channels, new Date(now()))
    return { files: channels.map(fileOf), snapshot: await keepSnapshot(paths, channels, new Date(now())), notes: [] }
  }

  /** A failure costs room, not the solve. */
  const makeRoom = async (): Promise<void> => {
    const usedSince = now() - inUseMs
    for (const [sha256, atMs] of handedOut) if (atMs < usedSince) handedOut.delete(sha256)
    try {
      const gone = await makeRoomForDocuments(paths, {
        most: settings.repodata.keptMiB * MIB,
        now: now(),
        usedSince,
        usedHere: handedOut,
        isConfigured: channel => known.configured.some(({ url }) => url === channel),
      })
      if (gone.length > 0) log.info({ documents: gone.length }, 'repodata beyond keptMiB was removed')
    } catch (err) {
      log.warn({ err }, 'kept repodata could not be looked through')
    }
  }

  return {
    repodata: async (
      channels,
      platform,
      repodata,
      { signal = new AbortController().signal, onProgress = () => undefined } = {},
    ) => {
      const asked = places(channels)
      await prepare()
      return await withFaults([signal, closing.signal], settings.directory, both =>
        typeof repodata === 'string'
          ? fromChannels(asked, [platform, 'noarch'], repodata, both, onProgress)
          : fromSnapshot(repodata.snapshot, asked, [platform, 'noarch'], both, onProgress),
      )
    },
    archive: async (one, options = {}) => {
      await prepare()
      const signals = [closing.signal, ...(options.signal === undefined ? [] : [options.signal])]
      return await withFaults(signals, settings.directory, signal => archives.archive(one, { ...options, signal }))
    },
    mirrorsFor: known.mirrorsFor,
    urlOf: channel => known.placeOf(channel).url,
    close: async () => {
      closing.abort()
      await flights.close()
      await archives.close()
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

export interface ChannelsDeps {
  log: Pick<Logger, 'info' | 'warn'>
  /** In milliseconds since 1970. */
  now?: () => number
  silenceMs?: number
  inUseMs?: number
  /** Default: in a thread of its own. */
  readDocument?: ReadDocument
  /** Default: by the registries of addresses. */
  sphereOf?: (address: string) => Sphere
}
