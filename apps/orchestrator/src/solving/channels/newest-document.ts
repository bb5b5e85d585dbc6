// The newest repodata of one channel and subdir: from the channel where it has to be asked, else from what is kept.
import type { SolveProgress } from '@trotline/contracts'
import { SolveError } from '../solve-error.ts'
import { type AskDeps, askChannel } from './ask-channel.ts'
import { ChannelState, readJsonFile, writeJsonFile } from './channel-state.ts'
import { isKept } from './is-kept.ts'
import { statePath } from './kept-paths.ts'
import { addressOf, type ChannelPlace, whoIs } from './known-channels.ts'

export interface NewestOptions {
  /** cached: not asked within `freshMs`, and the kept one where the channel is away. */
  mode: 'cached' | 'fresh'
  signal: AbortSignal
  tell: (progress: SolveProgress) => void
}

export interface Newest {
  state: ChannelState
  /** There is a document that was not there before. */
  isNew: boolean
  /** For people. */
  notes: string[]
}

/** A channel that was away is not waited for again so soon, where there is a kept document. */
const AWAY_FOR_MS = 60_000

export type NewestDocument = (place: ChannelPlace, subdir: string, options: NewestOptions) => Promise<Newest>

/** @throws SolveError CHANNEL_*, STORAGE_FULL; the signal's reason */
export function createNewestDocument(deps: AskDeps & { freshMs: number }): NewestDocument {
  const { paths, now } = deps
  const awaySince = new Map<string, { atMs: number; error: SolveError }>()

  return async (place, subdir, { mode, signal, tell }) => {
    const file = statePath(paths, place.url, subdir)
    const last = await readJsonFile(file, ChannelState)
    const kept = last !== null && (await isKept(deps, last, signal)) ? last : null
    const answer = (state: ChannelState, how: 'cache' | 'unchanged' | 'fetched', notes: string[] = []): Newest => {
      tell({ step: 'repodata', channel: place.url, subdir, bytes: state.bytes, of: state.bytes, how })
      return { state, notes, isNew: how === 'fetched' }
    }
    const usable = kept !== null && kept.from === addressOf(place)
    if (mode === 'cached' && usable && now() - Date.parse(kept.checkedAt) < deps.freshMs) return answer(kept, 'cache')

    const keptInstead = (error: SolveError): Newest => {
      if (kept === null) throw error
      const why = error.message.replace(/ Try again later\.$/, '').replace(/\.$/, '')
      return answer(kept, 'cache', [`${why}. Its repodata of ${kept.checkedAt} (${subdir}) was used.`])
    }
    const away = awaySince.get(file)
    if (mode === 'cached' && kept !== null && away && now() - away.atMs < AWAY_FOR_MS) return keptInstead(away.error)
    let found: ChannelState | 'unchanged'
    try {
      found = await askChannel(deps, place, subdir, usable ? kept : null, { signal, tell })
      awaySince.delete(file)
    } catch (error) {
      // What a channel says of itself (it is not there, no entry) counts; that it cannot be heard, or talks nonsense, may pass.
      const passes = error instanceof SolveError && ['CHANNEL_AWAY', 'CHANNEL_GARBAGE'].includes(error.code)
      if (!passes || mode !== 'cached') throw error
      if (kept !== null) awaySince.set(file, { atMs: now(), error })
      return keptInstead(error)
    }
    const checkedAt = new Date(now()).toISOString()
    const state = found === 'unchanged' ? { ...(kept as ChannelState), checkedAt } : { ...found, checkedAt }
    await writeJsonFile(file, state)
    return answer(state, found === 'unchanged' ? 'unchanged' : 'fetched', notesOn(place, state))
  }
}

function notesOn(place: ChannelPlace, { subdir, malformed, document }: ChannelState): string[] {
  if (document === 'none' && subdir !== 'noarch') return [`${whoIs(place)} has no packages for ${subdir}.`]
  if (malformed === 0) return []
  return [
    `${whoIs(place)}: ${malformed} records of ${subdir} have no name, version, build or depends, and were left out.`,
  ]
}
