// Where a job's time went: one part per state that it was in, in order. Pure.
import type { Job, JobEvent, JobState } from '@trotline/contracts'

export interface Part {
  state: JobState
  /** What it was doing then, in a word. */
  name: string
  from: string
  /** null: it still is. */
  to: string | null
  /** What it was concluded from. */
  detail: string
  look: 'past' | 'present' | 'held' | 'bad' | 'cancelled'
}

const NAMES: Readonly<Record<JobState, string>> = {
  accepted: 'Preparing',
  prepared: 'Submitting',
  pending: 'Waiting in Slurm',
  running: 'Running',
  finishing: 'Collecting the result',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

/** Equal states one after the other are one part; so is a state that was left for less than nothing. */
export function stripOf(job: Pick<Job, 'state' | 'hold' | 'createdAt'>, events: readonly JobEvent[]): Part[] {
  const moves = events.filter(event => event.type === 'state')
  if (moves.length === 0) {
    const { state, createdAt } = job
    return [{ state, name: NAMES[state], from: createdAt, to: null, detail: '', look: lookOf(state, job, true) }]
  }
  const parts = moves.map((move, at): Part => {
    const next = moves[at + 1]
    const last = next === undefined
    return {
      state: move.to,
      name: NAMES[move.to],
      from: move.at,
      to: next?.at ?? null,
      detail: move.detail,
      look: lookOf(move.to, job, last),
    }
  })
  // More than the page has room for: the last ones matter.
  return parts.length > MOST ? parts.slice(-MOST) : parts
}

const MOST = 8

function lookOf(state: JobState, { hold }: Pick<Job, 'hold'>, last: boolean): Part['look'] {
  if (state === 'failed') return 'bad'
  if (state === 'cancelled') return 'cancelled'
  if (state === 'completed' || !last) return 'past'
  return hold === null ? 'present' : 'held'
}
