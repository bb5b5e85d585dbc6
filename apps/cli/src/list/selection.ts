// Jobs by what they are: the flags that choose them, the same for `list` and `cancel`, and the jobs that fit.
import { JOB_STATES, type JobPage, type JobState, type JobSummary } from '@trotline/contracts'
import { InvalidArgumentError } from 'commander'
import type { ListQuery } from '../api/client.ts'
import type { Context } from '../context.ts'
import { shownState } from '../text/style.ts'

/** As states are shown: `held` is no state of its own to the server. */
export const SHOWN_STATES = [...JOB_STATES, 'held'] as const
export type ShownState = JobState | 'held'

export type Selection = {
  state?: ShownState
  /** key=value; all of them have to be there. */
  label: readonly string[]
  name?: string
  /** RFC 3339. */
  since?: string
  /** An id; none: whoever's jobs may be seen. */
  owner?: string
}

const PAGE = 100

export function labels(text: string, all: readonly string[]): readonly string[] {
  if (!/^[^=]+=[^=]*$/.test(text)) throw new InvalidArgumentError('It is key=value: project=reef.')
  return [...all, text]
}

/** The same as flags. */
export const flagsOf = ({ state, label, name, since }: Selection): string[] => [
  ...(state === undefined ? [] : ['--state', state]),
  ...label.flatMap(one => ['--label', one]),
  ...(name === undefined ? [] : ['--name', name]),
  ...(since === undefined ? [] : ['--since', since]),
]

export type Selected = {
  items: JobSummary[]
  nextCursor: string | null /** The server's time, in milliseconds. */
  now: number
}

/** The newest that fit, as many as are wanted, however many pages that takes. A page may be empty and not the last. */
export async function select({ client }: Pick<Context, 'client'>, chosen: Selection, limit: number): Promise<Selected> {
  const items: JobSummary[] = []
  let nextCursor: string | null = null
  let now = 0
  do {
    const answer: { page: JobPage; now: number } = await client.list({
      ...queryOf(chosen),
      limit: Math.min(PAGE, limit - items.length),
      ...(nextCursor === null ? {} : { cursor: nextCursor }),
    })
    items.push(...answer.page.items)
    nextCursor = answer.page.nextCursor
    now = answer.now
  } while (nextCursor !== null && items.length < limit)
  return { items, nextCursor, now }
}

const queryOf = ({ state, label, name, since, owner }: Selection): ListQuery => ({
  ...(state === undefined ? {} : state === 'held' ? { held: 'true' } : { state }),
  ...(label.length === 0 ? {} : { label }),
  ...(name === undefined ? {} : { name }),
  ...(since === undefined ? {} : { since }),
  ...(owner === undefined ? {} : { owner }),
})

/** null: a line of the list does not say; only the server knows. */
export function fits(job: JobSummary, { state, label, name, since, owner }: Selection): boolean | null {
  const shown = state === 'held' ? shownState(job) : job.state
  if (state !== undefined && shown !== state) return false
  if (name !== undefined && job.name !== name) return false
  if (owner !== undefined && job.owner !== owner) return false
  if (since !== undefined && Date.parse(job.createdAt) < Date.parse(since)) return false
  return label.length === 0 ? true : null
}
