// Lines of a spec that no channel has anything for: a name nobody has, a pin to the wrong channel, a version or build that is not there.
import { listed } from '../listed.ts'
import { type PlacedFinding, placed } from '../reading.ts'
import { compareConda, parseCondaVersion, parseConstraint } from '../versions/conda.ts'
import { globMatches } from '../versions/match-spec.ts'
import type { Channel, Reachable } from './reachable.ts'
import type { RepodataRecord } from './repodata-source.ts'
import type { Root } from './roots.ts'
import { parsedRecord } from './usable.ts'

export interface RootsOrder {
  roots: readonly Root[]
  channels: readonly Channel[]
  reachable: Reachable
  platform: string
  channelName: (url: string) => string
}

const MOST_VERSIONS = 5

export function missingRoots({ roots, channels, reachable, platform, channelName }: RootsOrder): PlacedFinding[] {
  return roots.flatMap(root => {
    const found = reachable.recordsOf(root.name)
    const wrong = (detail: string, required: string, hint?: string): PlacedFinding[] => [
      placed({ detail, required, found: root.written, ...(hint === undefined ? {} : { hint }) }, root.pointer),
    ]
    const having = channels.filter(one => one.sources.some(source => source.has(root.name)))
    if (found.length === 0) {
      const names = listed(
        having.map(one => channelName(one.url)),
        'and',
      )
      if (root.pin !== null && having.length > 0)
        return wrong(
          `${root.pin} has no ${root.name}; ${names} ${having.length === 1 ? 'has' : 'have'}.`,
          `a package of ${root.pin}`,
        )
      const asked = listed(
        channels.map(one => channelName(one.url)),
        'and',
      )
      return wrong(
        having.length > 0
          ? `No ${root.name} of ${names} can be used: its records have no hashes, or cannot be read.`
          : `${root.pin ?? asked} ${root.pin === null && channels.length > 1 ? 'have' : 'has'} no package ${root.name} for ${platform}.`,
        'a package of the channels that the spec lists',
      )
    }
    if (found.some(record => fits(root, record))) return []
    const home = found[0]?.channel ?? ''
    const elsewhere = having.find(
      ({ url, sources }) =>
        url !== home && sources.some(source => source.records(root.name).some(record => fits(root, record))),
    )
    const what = `${root.name} ${[root.match.version, root.match.build].filter(part => part !== null).join(' ')}`.trim()
    return wrong(
      `${channelName(home)} has no ${what}; it has ${versionsIn(found)}.`,
      what,
      elsewhere === undefined || root.pin !== null
        ? undefined
        : `${channelName(elsewhere.url)} has one, and counts only where no channel before it has a ${root.name}: write ${channelName(elsewhere.url)}::${root.written}.`,
    )
  })
}

/** What cannot be told fits: the solver decides. */
function fits({ match }: Root, record: RepodataRecord): boolean {
  const one = parsedRecord(record.text)
  const version = typeof one?.version === 'string' ? parseCondaVersion(one.version) : null
  const holds = match.version === null ? null : parseConstraint(match.version)
  if (version !== null && holds !== null && !holds(version)) return false
  return (
    match.build === null ||
    typeof one?.build !== 'string' ||
    match.build.startsWith('^') ||
    globMatches(match.build, one.build)
  )
}

/** The newest of them: 1.3.1, 1.3.0 and 1.2.0. */
function versionsIn(records: readonly RepodataRecord[]): string {
  const texts = new Set(
    records.flatMap(record => {
      const version = parsedRecord(record.text)?.version
      return typeof version === 'string' ? version.slice(0, 64) : []
    }),
  )
  const newest = [...texts]
    .flatMap(text => {
      const version = parseCondaVersion(text)
      return version === null ? [] : [{ text, version }]
    })
    .sort((a, b) => compareConda(b.version, a.version))
    .map(one => one.text)
  if (newest.length === 0) return 'others'
  const more = newest.length - MOST_VERSIONS
  return more > 1 ? `${newest.slice(0, MOST_VERSIONS).join(', ')} and ${more} older ones` : listed(newest, 'and')
}
