// Where this server keeps what it was sent by channels, below `environments.directory`:
//
//   repodata/<sha256>.json     a document as it is unpacked, <sha256>.index beside it
//   channels/<hash>.json       what was last seen of one channel and subdir
//   snapshots/<id>.json        which documents were used together; its time is that of the last use
//   archives/<sha256>/<file name>
//   incoming/                  what is on its way; nothing here outlives the process by more than a day
import { createHash } from 'node:crypto'
import { join } from 'node:path'

export interface KeptPaths {
  repodata: string
  channels: string
  snapshots: string
  archives: string
  incoming: string
}

export const keptPaths = (directory: string): KeptPaths => ({
  repodata: join(directory, 'repodata'),
  channels: join(directory, 'channels'),
  snapshots: join(directory, 'snapshots'),
  archives: join(directory, 'archives'),
  incoming: join(directory, 'incoming'),
})

export const documentPath = (folder: string, sha256: string): string => `${folder}/${sha256}.json`
export const indexPath = (folder: string, sha256: string): string => `${folder}/${sha256}.index`

export const statePath = ({ channels }: KeptPaths, channel: string, subdir: string): string =>
  join(channels, `${createHash('sha256').update(`${channel}\n${subdir}`).digest('hex').slice(0, 40)}.json`)

export const snapshotPath = ({ snapshots }: KeptPaths, id: string): string => join(snapshots, `${id}.json`)
