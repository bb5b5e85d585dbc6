// Channels in memory for the tests of solving: records by name, as the index of a document gives them.
import { createHash } from 'node:crypto'
import type { RepodataSource } from '@trotline/environment/solve'

export interface MadeRecord {
  name: string
  version?: string
  build?: string
  depends?: string[]
  constrains?: string[]
  subdir?: string
  conda?: boolean
  /** Besides, or instead. */
  more?: Record<string, unknown>
}

export const URL_OF = (channel: string): string => `https://conda.example.org/${channel}`

export interface MadeChannel {
  written: string
  url: string
  sources: RepodataSource[]
}

export function channelOf(written: string, records: readonly MadeRecord[]): MadeChannel {
  const url = URL_OF(written)
  const sources = ['linux-64', 'noarch'].map(subdir =>
    sourceOf(
      url,
      subdir,
      records.filter(one => (one.subdir ?? 'linux-64') === subdir),
    ),
  )
  return { written, url, sources }
}

function sourceOf(channel: string, subdir: string, records: readonly MadeRecord[]): RepodataSource {
  const of = (name: string) => records.filter(one => one.name === name)
  return {
    channel,
    subdir,
    has: name => of(name).length > 0,
    records: name =>
      of(name).map(one => ({
        fileName: fileNameOf(one),
        conda: one.conda ?? true,
        text: JSON.stringify(entryOf(one)),
      })),
    needs: name => of(name).flatMap(one => (one.depends ?? []).map(line => /^[\w.-]*/.exec(line)?.[0] ?? '')),
  }
}

const fileNameOf = ({ name, version = '1', build = '0', conda = true }: MadeRecord): string =>
  `${name}-${version}-${build}${conda ? '.conda' : '.tar.bz2'}`

function entryOf(one: MadeRecord): Record<string, unknown> {
  const { name, version = '1', build = '0', depends = [], constrains, subdir = 'linux-64', more = {} } = one
  const hash = (kind: string): string => createHash(kind).update(fileNameOf(one)).digest('hex')
  return {
    ...{ name, version, build, build_number: 0, depends, subdir, md5: hash('md5'), sha256: hash('sha256'), size: 1000 },
    ...(constrains === undefined ? {} : { constrains }),
    ...more,
  }
}
