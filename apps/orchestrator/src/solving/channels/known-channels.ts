// Which channels there are, what locks call them, and where this server takes their files from. Pure.
import type { EnvironmentLock } from '@trotline/contracts'
import type { ChannelSettings, EnvironmentsSettings } from '../../environment-settings.ts'
import { SolveError } from '../solve-error.ts'
import type { Sphere } from './spheres.ts'

export interface ChannelPlace {
  /** As locks name it, without a slash at its end. */
  url: string
  /** For sentences: `main`, or the address where it has no name. */
  name: string
  from:
    | { kind: 'http'; url: string; credentialsFile: string | null }
    /** On this machine. */
    | { kind: 'directory'; path: string }
  /** Named by the operator; others are there only where any address is accepted. */
  configured: boolean
}

/** Where the archives of a lock are to be had. */
export interface LockSources {
  /** Prefixes of addresses to those of their mirrors. */
  mirrors: Record<string, string>
  /** Channels whose archives only this server can have. */
  onlyHere: string[]
  /** Channels that no packages are taken from: a lock that somebody brought may name any. */
  refused: string[]
}

export interface KnownChannels {
  /** @throws SolveError CHANNEL_REFUSED */
  placeOf(channel: string): ChannelPlace
  mirrorsFor(lock: Pick<EnvironmentLock, 'conda'>): LockSources
  readonly configured: readonly ChannelPlace[]
}

export function createKnownChannels({
  channels,
  otherChannels,
}: Pick<EnvironmentsSettings, 'channels' | 'otherChannels'>): KnownChannels {
  const configured = channels.map(placeOfSettings)
  const byUrl = new Map([...configured].reverse().map(place => [place.url, place]))
  const byName = new Map([...configured].reverse().map(place => [place.name, place]))

  const placeOf = (channel: string): ChannelPlace => {
    const isAddress = /^https?:\/\//.test(channel)
    const place = isAddress ? byUrl.get(canonical(channel)) : byName.get(channel)
    if (place !== undefined) return place
    if (isAddress && otherChannels === 'accept') {
      const url = canonical(channel)
      return { url, name: url, from: { kind: 'http', url, credentialsFile: null }, configured: false }
    }
    const names = configured.map(({ name }) => name).join(', ')
    throw new SolveError(
      'CHANNEL_REFUSED',
      `The channel ${channel} is not one that this server takes packages from. ${names === '' ? 'It is configured with none.' : `They are: ${names}.`} Name one of them, or have the operator add it.`,
    )
  }

  return {
    placeOf,
    configured,
    mirrorsFor: lock => {
      const urls = [...new Set(lock.conda.map(({ url }) => channelUrlOf(url)))]
      const refused = otherChannels === 'accept' ? [] : urls.filter(url => !byUrl.has(canonical(url)))
      const places = urls.flatMap(url => byUrl.get(canonical(url)) ?? [])
      const mirrors = places.flatMap(({ url, from }) =>
        from.kind === 'http' && from.credentialsFile === null && from.url !== url ? [[`${url}/`, `${from.url}/`]] : [],
      )
      const onlyHere = places.filter(({ from }) => from.kind === 'directory' || from.credentialsFile !== null)
      return { mirrors: Object.fromEntries(mirrors), onlyHere: onlyHere.map(({ url }) => url), refused }
    },
  }
}

function placeOfSettings({ name, url, mirror, directory, credentialsFile }: ChannelSettings): ChannelPlace {
  return {
    url: canonical(url),
    name,
    from:
      directory !== undefined
        ? { kind: 'directory', path: directory }
        : { kind: 'http', url: canonical(mirror ?? url), credentialsFile: credentialsFile ?? null },
    configured: true,
  }
}

/** The host in lower case, no port where it is the usual one, no slash at the end: the same channel has one name. */
const canonical = (url: string): string => new URL(url).href.replace(/\/+$/, '')

/** Whatever stands before SUBDIR/FILE, even where no channel could be. */
const channelUrlOf = (archive: string): string => archive.split('/').slice(0, -2).join('/')

/** What the operator named may lie anywhere; what a user wrote, not on this machine, nor where clouds tell it its secrets. */
export const sphereFor = ({ configured }: ChannelPlace): Sphere => (configured ? 'this-machine' : 'private')

/** For sentences. */
export const whoIs = ({ name, url }: ChannelPlace): string =>
  name === url ? `The channel ${url}` : `The channel ${name} (${url})`

/** Where files are taken from: what was seen at one address does not hold for another. */
export const addressOf = ({ from }: ChannelPlace): string =>
  from.kind === 'http' ? from.url : `directory ${from.path}`
