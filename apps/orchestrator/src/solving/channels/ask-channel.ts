// Asks a channel for the repodata of one subdir, over http or in its folder, and has whatever comes read in a thread before anything believes it.
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SolveProgress } from '@trotline/contracts'
import { SolveError } from '../solve-error.ts'
import { channelAway, channelGarbage, storageFault } from './channel-faults.ts'
import type { ChannelState } from './channel-state.ts'
import { readCredentials } from './credentials.ts'
import type { DocumentDone, DocumentOrder } from './document-work.ts'
import { DOCUMENTS, type DocumentName, fetchDocument } from './fetch-document.ts'
import type { Agents } from './http-get.ts'
import { identity, type KeptDocuments } from './kept-documents.ts'
import type { KeptPaths } from './kept-paths.ts'
import { addressOf, type ChannelPlace, sphereFor, whoIs } from './known-channels.ts'
import type { ReadDocument } from './open-document-thread.ts'
import type { Slots } from './slots.ts'
import type { Sphere } from './spheres.ts'
import { findDocument } from './take-document.ts'

export interface AskDeps {
  paths: KeptPaths
  documents: KeptDocuments
  agents: Agents
  sphereOf?: ((address: string) => Sphere) | undefined
  /** Each bounds how many go on at once. */
  slots: { network: Slots; threads: Slots }
  readDocument: ReadDocument
  freshMs: number
  /** Unpacked, in bytes. */
  most: number
  timeLimitMs: number
  silenceMs: number
  now: () => number
}

/** A folder that is changed each time it is read is not to be read for ever. */
const TRIES = 3

export interface Asking {
  signal: AbortSignal
  tell: (progress: SolveProgress) => void
}

/** With a time limit over everything; waiting for one's turn does not count. */
export async function askChannel(
  deps: AskDeps,
  place: ChannelPlace,
  subdir: string,
  last: ChannelState | null,
  { signal, tell }: Asking,
): Promise<ChannelState | 'unchanged'> {
  return await deps.slots.network.within(signal, async () => {
    const limit = AbortSignal.timeout(deps.timeLimitMs)
    const asking = { signal: AbortSignal.any([signal, limit]), tell }
    tell({ step: 'repodata', channel: place.url, subdir, bytes: 0, of: null, how: 'asking' })
    try {
      return place.from.kind === 'http'
        ? await fromNetwork(deps, place, subdir, last, asking)
        : await fromFolder(deps, place, subdir, last, asking)
    } catch (error) {
      if (signal.aborted || !limit.aborted || error instanceof SolveError) throw error
      throw channelAway(
        whoIs(place),
        `${subdir}/repodata.json was not here after ${deps.timeLimitMs / 1000} s, which is as long as is waited`,
        error,
      )
    }
  })
}

async function fromNetwork(
  deps: AskDeps,
  place: ChannelPlace,
  subdir: string,
  last: ChannelState | null,
  { signal, tell }: Asking,
): Promise<ChannelState | 'unchanged'> {
  if (place.from.kind !== 'http') throw new TypeError('not a channel of the network')
  const { url, credentialsFile } = place.from
  const who = whoIs(place)
  const authorization = credentialsFile === null ? null : await readCredentials(who, credentialsFile)
  const credentials = authorization === null ? null : { origin: new URL(url).origin, authorization }
  const throttled = atMostEvery(200, (bytes: number, of: number | null) =>
    tell({ step: 'repodata', channel: place.url, subdir, bytes, of, how: 'fetching' }),
  )
  let garbage: SolveError | null = null
  for (const document of DOCUMENTS) {
    const fetched = await fetchDocument(document, {
      who,
      url,
      subdir,
      credentials,
      last,
      incoming: deps.paths.incoming,
      most: deps.most,
      silenceMs: deps.silenceMs,
      agents: deps.agents,
      within: sphereFor(place),
      ...(deps.sphereOf === undefined ? {} : { sphereOf: deps.sphereOf }),
      signal,
      onBytes: throttled,
    })
    if (fetched.how === 'unchanged') return 'unchanged'
    if (fetched.how === 'absent') continue
    try {
      const { file, packing, etag, lastModified } = fetched
      return await read(deps, place, subdir, { source: file, packing, document, etag, lastModified }, { signal, tell })
    } catch (error) {
      // One that this server cannot unpack may be there unpacked.
      if (!(error instanceof SolveError && error.code === 'CHANNEL_GARBAGE') || document === 'repodata.json')
        throw error
      garbage = error
    } finally {
      await rm(fetched.file, { force: true })
    }
  }
  if (garbage !== null) throw garbage
  return await absent(deps, place, subdir, last)
}

async function fromFolder(
  deps: AskDeps,
  place: ChannelPlace,
  subdir: string,
  last: ChannelState | null,
  asking: Asking,
): Promise<ChannelState | 'unchanged'> {
  if (place.from.kind !== 'directory') throw new TypeError('not a channel of this machine')
  const who = whoIs(place)
  for (let tries = 1; ; tries++) {
    const found = await findDocument(who, place.from.path, subdir, last)
    if (found.how === 'unchanged') return 'unchanged'
    if (found.how === 'absent') return await absent(deps, place, subdir, last)
    const { document, file, packing, etag } = found
    const source = { source: file, packing, document, etag, lastModified: null }
    const answer = await read(deps, place, subdir, source, asking).catch(error => error as unknown)
    if ((await identity(file)) === etag) {
      if (answer instanceof Error) throw answer
      return answer as ChannelState
    }
    if (tries === TRIES) throw channelAway(who, `${subdir}/${document} changed each time it was read`)
  }
}

/** An empty document stands for one that a channel does not have, so that a snapshot names it all the same. */
async function absent(
  deps: AskDeps,
  place: ChannelPlace,
  subdir: string,
  last: ChannelState | null,
): Promise<ChannelState> {
  if (last !== null && last.document !== 'none')
    throw new SolveError(
      'CHANNEL_NOT_FOUND',
      `${whoIs(place)} no longer has ${subdir}/repodata.json, which it had at ${last.checkedAt}.`,
    )
  const source = join(deps.paths.incoming, `${randomBytes(8).toString('hex')}.part`)
  try {
    await writeFile(source, `{"info":{"subdir":"${subdir}"},"packages":{},"packages.conda":{}}\n`)
    const none = { source, packing: 'plain', document: 'none', etag: null, lastModified: null } as const
    return await read(deps, place, subdir, none, { signal: new AbortController().signal, tell: () => undefined })
  } finally {
    await rm(source, { force: true })
  }
}

interface Source extends Pick<DocumentOrder, 'source' | 'packing'> {
  document: DocumentName | 'none'
  etag: string | null
  lastModified: string | null
}

async function read(
  { paths, slots, readDocument, most, documents, now }: AskDeps,
  place: ChannelPlace,
  subdir: string,
  { source, packing, document, etag, lastModified }: Source,
  { signal, tell }: Asking,
): Promise<ChannelState> {
  const order = { source, packing, folder: paths.repodata, keep: 'document-and-index', most } as const
  const onProgress = (_bytes: number, records: number): void =>
    tell({ step: 'index', channel: place.url, subdir, records })
  const answer = await slots.threads.within(signal, () => readDocument(order, { signal, onProgress }))
  const what = `${subdir}/${document}`
  if ('fault' in answer) {
    const { kind, code, detail } = answer.fault
    if (kind === 'not-repodata') throw channelGarbage(whoIs(place), `its ${what} ${detail}`)
    const cause = Object.assign(new Error(detail), { code: code ?? undefined, syscall: 'write' })
    throw (
      storageFault(cause, paths.repodata) ?? channelAway(whoIs(place), `this server could not read its ${what}`, cause)
    )
  }
  const { sha256, bytes, records, malformed } = answer.done
  refuseOtherPlace(place, subdir, answer.done)
  await documents.trust(sha256)
  const at = new Date(now()).toISOString()
  return {
    v: 1,
    channel: place.url,
    subdir,
    from: addressOf(place),
    document,
    etag,
    lastModified,
    sha256,
    bytes,
    records,
    malformed,
    fetchedAt: at,
    checkedAt: at,
  }
}

/** A lock says where an archive lies by the address of its channel. */
function refuseOtherPlace(place: ChannelPlace, subdir: string, { baseUrl }: DocumentDone): void {
  if (baseUrl === null) return
  const bases = [place.url, ...(place.from.kind === 'http' ? [place.from.url] : [])].map(url => `${url}/${subdir}/`)
  const fits = bases.some(
    base => URL.canParse(baseUrl, base) && new URL(baseUrl, base).href.replace(/\/*$/, '/') === base,
  )
  if (!fits)
    throw channelGarbage(
      whoIs(place),
      `its ${subdir}/repodata.json has the archives elsewhere (base_url), which is not followed`,
    )
}

function atMostEvery<Args extends unknown[]>(ms: number, act: (...args: Args) => void): (...args: Args) => void {
  let lastMs = Number.NEGATIVE_INFINITY
  return (...args) => {
    if (performance.now() - lastMs < ms) return
    lastMs = performance.now()
    act(...args)
  }
}
