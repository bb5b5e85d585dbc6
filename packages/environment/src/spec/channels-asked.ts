// Which channels have to be asked for a spec: those it lists, in their order, and those that single packages are pinned to.
import type { EnvironmentSpec } from '@trotline/contracts'
import { sameChannelText } from './channel-line.ts'

export interface ChannelsAsked {
  /** In order of priority. */
  listed: string[]
  /** `pytorch::pytorch` without pytorch among the channels: asked for its own packages only. */
  pinnedOnly: string[]
}

export function channelsAsked({ channels, dependencies }: EnvironmentSpec): ChannelsAsked {
  const listed = channels.map(sameChannelText)
  const pinned = dependencies.flatMap(one => (typeof one === 'string' ? (pinOf(one) ?? []) : []))
  return { listed, pinnedOnly: [...new Set(pinned)].filter(one => !listed.includes(one)).sort() }
}

/** The channel that a dependency is pinned to, as it is written, without a subdir; null: to none. */
export function pinOf(dependency: string): string | null {
  const cut = dependency.replace(/#.*$/, '').lastIndexOf('::')
  if (cut === -1) return null
  return sameChannelText(
    dependency
      .slice(0, cut)
      .trim()
      .replace(/\/(?:linux-\w+|noarch)\/?$/, ''),
  )
}
