// What is chosen of a log: in the address where the log is the page, so that a link shows the same; else only here.
import { useState } from 'preact/hooks'
import { go, place } from '../router/place.ts'
import { readState, writeState } from '../router/url-state.ts'
import { LOG_FIELDS, type LogState } from '../router/view-states.ts'

export function useLogChoice(
  inAddress: boolean,
  initial: Partial<LogState>,
): [LogState, (changes: Partial<LogState>) => void] {
  const [own, setOwn] = useState<LogState>(() => ({ ...readState(LOG_FIELDS, ''), ...initial }))
  if (!inAddress) return [own, changes => setOwn(before => ({ ...before, ...changes }))]
  const { path, query } = place.value
  const said = readState(LOG_FIELDS, query.toString())
  const state = query.has(LOG_FIELDS.source.key) ? said : { ...said, ...initial }
  return [
    state,
    changes => {
      const now = readState(LOG_FIELDS, place.peek().query.toString())
      const kept = place.peek().query.has(LOG_FIELDS.source.key) ? now : { ...now, ...initial }
      go(`${path}${linkOf({ ...kept, ...changes }, initial)}`, { replace: true })
    },
  ]
}

/** The source is said wherever it would not be the same for whoever opens the link. */
function linkOf(state: LogState, { source = 'stdout' }: Partial<LogState>): string {
  const query = writeState(LOG_FIELDS, state)
  if (source === 'stdout' || state.source !== 'stdout') return query
  return `${query === '' ? '?' : `${query}&`}${LOG_FIELDS.source.key}=stdout`
}

/** The link to a line of a log, as the page of the job's log understands it. */
export const lineLink = (state: LogState, at: { attempt: number; offset: number }): string =>
  writeState(LOG_FIELDS, { ...state, at })
