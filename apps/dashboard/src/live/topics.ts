// What can be followed, and what is told of it. A topic is a text: the server's, as it stands in `?topic=`.
import type { StreamEventData, StreamEventName } from '@trotline/contracts'

export const jobTopic = (id: string): string => `job:${id}`
/** From that byte on, across the attempts that follow. */
export const logTopic = (id: string, stream: string, from: { attempt: number; offset: number } | null): string =>
  `log:${id}:${stream}${from === null ? '' : `:${from.attempt}:${from.offset}`}`

/** A tab that follows what another tab follows already is told no beginning: it reads that itself, once it has begun to follow. */
export type Told = { [Name in StreamEventName]: { type: Name } & StreamEventData<Name> }[StreamEventName]

/** What holds the connection, or many, for all that is followed here. */
export interface Source {
  /** Replaces what was wanted before. */
  want(topics: readonly string[]): void
  close(): void
}

export interface Ears {
  tell(told: Told): void
  /** The server was heard. */
  alive(): void
  /** It was not, and is tried again. */
  lost(why: string): void
}
