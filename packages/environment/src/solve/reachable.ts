// Of 500,000 records a solve needs a few thousand: those of the names that can be reached from the roots. They are cut out of the
// documents as text and put together again as small documents; nothing else is parsed, here or by the solver.
import type { CondaPlatform } from '@trotline/contracts'
import { documentText, type ReachableDocument } from './document.ts'
import type { RepodataRecord, RepodataSource } from './repodata-source.ts'
import { complaintOf, withCudaFloor } from './usable.ts'

/** All that one channel has, in one or two documents. */
export interface Channel {
  /** As locks name it. */
  url: string
  sources: RepodataSource[]
}

export interface Reachable {
  documents: ReachableDocument[]
  records: number
  names: number
  /** By file name within the channel and subdir. */
  recordOf: (channel: string, subdir: string, fileName: string) => RepodataRecord | undefined
  /** Of the names that were reached. */
  recordsOf: (name: string) => ReachedRecord[]
  /** How many records were left out, by reason: those that a solver dies of, or nobody can lock. */
  leftOut: Map<string, number>
}

export interface ReachedRecord extends RepodataRecord {
  name: string
  channel: string
  subdir: string
}

/**
 * Channels in order of priority: a name's records are taken from the first that has it. Those of names in `pins` come from that channel
 * alone, wherever it stands; channels in `pinnedOnly` give nothing else.
 */
export interface ReachOrder {
  platform: CondaPlatform
  channels: readonly Channel[]
  pinnedOnly: ReadonlySet<string>
  /** By name: the url of a channel. */
  pins: ReadonlyMap<string, string>
  roots: readonly string[]
  /** Further checks, for a second try. */
  usable?: (record: RepodataRecord) => boolean
}

export function reach({ platform, channels, pinnedOnly, pins, roots, usable = () => true }: ReachOrder): Reachable {
  const reached = new Map<string, ReachedRecord[]>()
  const byFile = new Map<string, RepodataRecord>()
  const leftOut = new Map<string, number>()
  const leave = (why: string): void => void leftOut.set(why, (leftOut.get(why) ?? 0) + 1)
  const waiting = [...new Set(roots)]
  const seen = new Set(waiting)
  let records = 0
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const pin = pins.get(name)
    const has = (channel: Channel): boolean => channel.sources.some(source => source.has(name))
    const channel = channels.find(one => (pin === undefined ? !pinnedOnly.has(one.url) : one.url === pin) && has(one))
    const found: ReachedRecord[] = []
    for (const source of channel?.sources ?? []) {
      for (const record of source.records(name)) {
        const at = key(source.channel, source.subdir, record.fileName)
        // Which of two the solver would read is not said anywhere.
        const complaint = byFile.has(at)
          ? 'the file name of another'
          : (complaintOf(record) ?? (usable(record) ? null : 'what no solver can read'))
        if (complaint !== null) {
          leave(complaint)
          continue
        }
        found.push({ ...record, name, channel: source.channel, subdir: source.subdir })
        byFile.set(at, record)
      }
      // A channel could bring a package named __cuda: what the nodes have is not for channels to say.
      for (const needed of source.needs(name))
        if (!seen.has(needed) && !needed.startsWith('__')) {
          seen.add(needed)
          waiting.push(needed)
        }
    }
    records += found.length
    if (found.length > 0) reached.set(name, found)
  }
  return {
    documents: documentsOf(channels, platform, reached),
    records,
    names: reached.size,
    recordOf: (channel, subdir, fileName) => byFile.get(key(channel, subdir, fileName)),
    recordsOf: name => reached.get(name) ?? [],
    leftOut,
  }
}

const key = (channel: string, subdir: string, fileName: string): string => `${channel}/${subdir}/${fileName}`

/** Sorted, so that neither the order of a document nor that of the roots has a say in what the solver finds first. */
function documentsOf(
  channels: readonly Channel[],
  platform: CondaPlatform,
  reached: ReadonlyMap<string, ReachedRecord[]>,
): ReachableDocument[] {
  const parts = new Map<string, { packages: string[]; conda: string[] }>()
  for (const name of [...reached.keys()].sort())
    for (const record of [...(reached.get(name) ?? [])].sort((a, b) => (a.fileName < b.fileName ? -1 : 1))) {
      const where = `${record.channel}/${record.subdir}`
      const part = parts.get(where) ?? { packages: [], conda: [] }
      parts.set(where, part)
      const list = record.conda ? part.conda : part.packages
      list.push(`${JSON.stringify(record.fileName)}:${withCudaFloor(name, record)}`)
    }
  // The solver asks every channel for both, and gives up where one is not there.
  return channels.flatMap(({ url }) =>
    [platform, 'noarch'].map(subdir => {
      const { packages, conda } = parts.get(`${url}/${subdir}`) ?? { packages: [], conda: [] }
      return { channel: url, subdir, text: documentText(subdir, packages, conda) }
    }),
  )
}
