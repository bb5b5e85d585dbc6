// Archives of locks: downloaded once, proved against size, sha256 and md5, kept under their sha256. Each use proves what is kept, unless it
// has not been touched since it was proved last.
import { randomBytes } from 'node:crypto'
import { constants, copyFile, mkdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { LockedConda } from '@trotline/contracts'
import { parseArchiveUrl } from '@trotline/environment'
import type { Logger } from 'pino'
import { SolveError } from '../solve-error.ts'
import { channelAway, channelGarbage, statusFault, storageFault } from './channel-faults.ts'
import { readCredentials } from './credentials.ts'
import { type Agents, httpGet } from './http-get.ts'
import { fileHash, identity } from './kept-documents.ts'
import type { KeptPaths } from './kept-paths.ts'
import { type ChannelPlace, type KnownChannels, sphereFor, whoIs } from './known-channels.ts'
import { makeRoomForArchives } from './make-room.ts'
import { receive } from './receive.ts'
import { createSingleFlight } from './single-flight.ts'
import { createSlots } from './slots.ts'
import type { Sphere } from './spheres.ts'

export interface ArchiveOptions {
  signal?: AbortSignal
  onBytes?: (bytes: number, of: number | null) => void
}

interface ArchivesDeps {
  paths: KeptPaths
  known: KnownChannels
  agents: Agents
  sphereOf?: ((address: string) => Sphere) | undefined
  silenceMs: number
  /** In bytes. */
  mostKept: number
  inUseMs: number
  now: () => number
  log: Pick<Logger, 'info' | 'warn'>
}

/** The largest packages there are (CUDA, PyTorch) have some 2 GB. */
const MOST_BYTES = 16 * 1024 ** 3
const TIME_LIMIT_MS = 4 * 60 * 60_000
const AT_ONCE = 4
/** What is remembered of them; the others are hashed again. */
const MOST_PROVED = 10_000

export interface Archives {
  archive(one: LockedConda, options: ArchiveOptions & { signal: AbortSignal }): Promise<string>
  close(): Promise<void>
}

export function createArchives(deps: ArchivesDeps): Archives {
  const flights = createSingleFlight<[bytes: number, of: number | null], string>()
  const slots = createSlots(AT_ONCE)
  const proved = new Map<string, string>()

  const get = async (
    one: LockedConda,
    signal: AbortSignal,
    onBytes: (bytes: number, of: number | null) => void,
  ): Promise<string> => {
    const address = parseArchiveUrl(one.url)
    if (typeof address === 'string') throw new TypeError(`an archive's address ${address}`)
    const place = deps.known.placeOf(address.channel)
    const folder = join(deps.paths.archives, one.sha256)
    const file = join(folder, address.fileName)
    const isThere = await isWhole(file, one, signal)
    if (!isThere) {
      await rm(file, { force: true })
      const wanted = { one, file, folder, what: `${address.subdir}/${address.fileName}` }
      await slots.within(signal, () => bring(place, wanted, signal, onBytes))
    }
    if (proved.size >= MOST_PROVED) proved.clear()
    proved.set(file, (await identity(file)) ?? '')
    const at = new Date(deps.now())
    await utimes(folder, at, at).catch(() => undefined)
    if (!isThere) await makeRoom()
    return file
  }

  const isWhole = async (file: string, { size, sha256, md5 }: LockedConda, signal: AbortSignal): Promise<boolean> => {
    const now = await identity(file)
    if (now === null) return false
    if (proved.get(file) === now) return true
    if (size !== null && (await stat(file)).size !== size) return false
    return (await fileHash(file, 'sha256', signal)) === sha256 && (await fileHash(file, 'md5', signal)) === md5
  }

  const bring = async (
    place: ChannelPlace,
    { one, file, folder, what }: { one: LockedConda; file: string; folder: string; what: string },
    signal: AbortSignal,
    onBytes: (bytes: number, of: number | null) => void,
  ): Promise<void> => {
    const beside = join(deps.paths.incoming, `${randomBytes(8).toString('hex')}.part`)
    const limit = AbortSignal.timeout(TIME_LIMIT_MS)
    try {
      const arrival = { beside, what, signal: AbortSignal.any([signal, limit]), onBytes }
      await (place.from.kind === 'http' ? download(deps, place, one, arrival) : copy(place, one, arrival))
      await mkdir(folder, { recursive: true, mode: 0o755 })
      await rename(beside, file)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (limit.aborted)
        throw channelAway(whoIs(place), `${what} was not here after ${TIME_LIMIT_MS / 3_600_000} hours`, error)
      throw storageFault(error, deps.paths.archives) ?? error
    } finally {
      await rm(beside, { force: true })
    }
  }

  const makeRoom = async (): Promise<void> => {
    try {
      const gone = await makeRoomForArchives(deps.paths, { most: deps.mostKept, usedSince: deps.now() - deps.inUseMs })
      if (gone.length > 0) deps.log.info({ archives: gone.length }, 'archives beyond keptMiB were removed')
    } catch (err) {
      deps.log.warn({ err }, 'kept archives could not be looked through')
    }
  }

  return {
    archive: (one, { signal, onBytes = () => undefined }) =>
      flights.run(one.sha256 + one.url, { signal, onTold: told => onBytes(...told) }, (alone, tell) =>
        get(one, alone, (bytes, of) => tell([bytes, of])),
      ),
    close: flights.close,
  }
}

interface Arrival {
  beside: string
  what: string
  signal: AbortSignal
  onBytes: (bytes: number, of: number | null) => void
}

async function download(
  { agents, silenceMs, sphereOf }: ArchivesDeps,
  place: ChannelPlace,
  one: LockedConda,
  { beside, what, signal, onBytes }: Arrival,
): Promise<void> {
  if (place.from.kind !== 'http') throw new TypeError('not a channel of the network')
  const who = whoIs(place)
  const { url, credentialsFile } = place.from
  const authorization = credentialsFile === null ? null : await readCredentials(who, credentialsFile)
  const answer = await httpGet(`${url}/${lastTwo(one.url)}`, {
    who,
    agents,
    within: sphereFor(place),
    ...(sphereOf === undefined ? {} : { sphereOf }),
    silenceMs,
    signal,
    credentials: authorization === null ? null : { origin: new URL(url).origin, authorization },
    headers: { 'accept-encoding': 'identity' },
  })
  if (answer.statusCode !== 200) {
    answer.destroy()
    throw statusFault(who, what, answer.statusCode ?? 0)
  }
  const most = one.size ?? MOST_BYTES
  const { bytes, hashes } = await receive(answer, {
    who,
    what,
    file: beside,
    most,
    ...(one.size === null ? {} : { mostWhy: `than the ${one.size.toLocaleString('en')} bytes of the lock` }),
    signal,
    hashes: ['sha256', 'md5'],
    onBytes,
  })
  refuseOther(who, what, one, { bytes, sha256: hashes.sha256 ?? null, md5: hashes.md5 ?? null })
}

async function copy(place: ChannelPlace, one: LockedConda, { beside, what, signal, onBytes }: Arrival): Promise<void> {
  if (place.from.kind !== 'directory') throw new TypeError('not a channel of this machine')
  const who = whoIs(place)
  try {
    await copyFile(join(place.from.path, what), beside, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR')
      throw new SolveError('CHANNEL_NOT_FOUND', `${who} has no ${what}.`, { cause: error })
    throw storageFault(error, beside) ?? channelAway(who, `${what} cannot be read (${code})`, error)
  }
  const { size } = await stat(beside)
  onBytes(size, size)
  const [sha256, md5] = [await fileHash(beside, 'sha256', signal), await fileHash(beside, 'md5', signal)]
  refuseOther(who, what, one, { bytes: size, sha256, md5 })
}

function refuseOther(
  who: string,
  what: string,
  one: LockedConda,
  found: { bytes: number; sha256: string | null; md5: string | null },
): void {
  const differs =
    one.size !== null && found.bytes !== one.size
      ? `${found.bytes.toLocaleString('en')} bytes, and the lock says ${one.size.toLocaleString('en')}`
      : found.sha256 !== one.sha256
        ? `another sha256 (${found.sha256?.slice(0, 12)}…) than the lock (${one.sha256.slice(0, 12)}…)`
        : found.md5 !== one.md5
          ? 'another md5 than the lock'
          : null
  if (differs !== null)
    throw channelGarbage(who, `its ${what} has ${differs}: it was changed or damaged after the lock was made`, {
      url: one.url,
    })
}

/** SUBDIR/FILE, as the address has it. */
const lastTwo = (url: string): string => url.split('/').slice(-2).join('/')
