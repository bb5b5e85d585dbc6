// Asks a channel over http for the repodata of one subdir: packed with zstd before plain, and only if it has changed. What comes is a file as it
// was sent; nobody has looked into it yet.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { statusFault } from './channel-faults.ts'
import type { ChannelState } from './channel-state.ts'
import { type Agents, httpGet } from './http-get.ts'
import { receive } from './receive.ts'
import type { Sphere } from './spheres.ts'
import type { Packing } from './unpack.ts'

export const DOCUMENTS = ['repodata.json.zst', 'repodata.json'] as const
export type DocumentName = (typeof DOCUMENTS)[number]

export type Fetched =
  | { how: 'unchanged' }
  /** The channel has none. */
  | { how: 'absent'; status: number }
  | {
      how: 'fetched'
      document: DocumentName
      file: string
      packing: Packing
      etag: string | null
      lastModified: string | null
    }

export interface FetchOptions {
  who: string
  /** Of the channel, without a slash at its end. */
  url: string
  subdir: string
  credentials: { origin: string; authorization: string } | null
  /** What was seen last and is still kept; null: whatever comes is taken. */
  last: Pick<ChannelState, 'document' | 'etag' | 'lastModified'> | null
  incoming: string
  /** In bytes, as it is sent. */
  most: number
  silenceMs: number
  agents: Agents
  within: Sphere
  sphereOf?: (address: string) => Sphere
  signal: AbortSignal
  onBytes: (bytes: number, of: number | null) => void
}

/**
 * @throws SolveError CHANNEL_AWAY, CHANNEL_DENIED, CHANNEL_GARBAGE, STORAGE_FULL; the signal's reason
 */
export async function fetchDocument(document: DocumentName, options: FetchOptions): Promise<Fetched> {
  const { url, subdir, last, who } = options
  const what = `${subdir}/${document}`
  const answer = await httpGet(`${url}/${what}`, {
    ...options,
    headers: {
      // zstd is packed already.
      'accept-encoding': document === 'repodata.json' ? 'gzip' : 'identity',
      ...(last?.document === document ? validators(last) : {}),
    },
  })
  const { statusCode: status = 0, headers } = answer
  if (status !== 200) answer.destroy()
  if (status === 304 && last?.document === document) return { how: 'unchanged' }
  // Stores of objects answer 403 for what they do not have.
  if (status === 404 || status === 410 || (status === 403 && document === 'repodata.json.zst'))
    return { how: 'absent', status }
  if (status !== 200) throw statusFault(who, what, status)
  const file = join(options.incoming, `${randomBytes(8).toString('hex')}.part`)
  const packing = packingOf(document, headers['content-encoding'])
  const { most, signal, onBytes } = options
  await receive(answer, { who, what, file, most, signal, onBytes })
  return {
    how: 'fetched',
    document,
    file,
    packing,
    etag: shortHeader(headers.etag),
    lastModified: shortHeader(headers['last-modified']),
  }
}

function validators({ etag, lastModified }: Pick<ChannelState, 'etag' | 'lastModified'>): Record<string, string> {
  // An ETag is exact; Last-Modified counts in seconds, and is for servers that have no other.
  if (etag !== null) return { 'if-none-match': etag }
  return lastModified === null ? {} : { 'if-modified-since': lastModified }
}

/** Some servers say of a .zst that it is encoded with zstd, and send the file. What else is said is found out by unpacking. */
function packingOf(document: DocumentName, encoding = 'identity'): Packing {
  if (document === 'repodata.json.zst') return 'zstd'
  return /gzip/i.test(encoding) ? 'gzip' : 'plain'
}

const shortHeader = (value: string | undefined): string | null =>
  value !== undefined && /^[\x20-\x7e]{1,256}$/.test(value) ? value : null
