// The repodata of a channel that is a folder on this machine. It is copied to be kept, since the folder's owner may change it at any moment.
import { access, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SolveError } from '../solve-error.ts'
import { channelAway } from './channel-faults.ts'
import type { ChannelState } from './channel-state.ts'
import type { DocumentName } from './fetch-document.ts'
import { identity } from './kept-documents.ts'
import type { Packing } from './unpack.ts'

export type Taken =
  | { how: 'unchanged' }
  | { how: 'absent' }
  | { how: 'found'; document: DocumentName; file: string; packing: Packing; etag: string }

/** Plain first: nothing has to come over a network. */
const NAMES = [
  ['repodata.json', 'plain'],
  ['repodata.json.zst', 'zstd'],
] as const

/** @throws SolveError CHANNEL_NOT_FOUND where there is no such folder, CHANNEL_AWAY where it cannot be read */
export async function findDocument(
  who: string,
  folder: string,
  subdir: string,
  last: Pick<ChannelState, 'document' | 'etag'> | null,
): Promise<Taken> {
  try {
    if (!(await stat(folder)).isDirectory()) throw new SolveError('CHANNEL_NOT_FOUND', `${who} has no folder here.`)
  } catch (cause) {
    if (cause instanceof SolveError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new SolveError(
        'CHANNEL_NOT_FOUND',
        `${who} is a folder on this server that is not there. Its operator has to look at the channel’s directory.`,
        { details: { folder }, cause },
      )
    throw channelAway(who, `its folder cannot be read (${code})`, cause)
  }
  for (const [document, packing] of NAMES) {
    const file = join(folder, subdir, document)
    const etag = await identity(file)
    if (etag === null) continue
    if (last?.document === document && last.etag === etag) return { how: 'unchanged' }
    await access(file).catch(cause => {
      throw channelAway(who, `${subdir}/${document} cannot be read`, cause)
    })
    return { how: 'found', document, file, packing, etag }
  }
  return { how: 'absent' }
}
