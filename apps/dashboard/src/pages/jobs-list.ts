// The list of jobs as the page holds it: pages of the server's, kept current by what is told. Pure, but for the asking.
import type { JobCounts, JobState, JobSummary } from '@trotline/contracts'
import { isOver } from '../job/over.ts'
import { shownState } from '../text/state-look.ts'

export const GROUPS = ['all', 'waiting', 'running', 'held', 'completed', 'failed', 'cancelled'] as const
export type Group = (typeof GROUPS)[number]

export const groupOf = ({ state, hold }: Pick<JobSummary, 'state' | 'hold'>): Exclude<Group, 'all'> => {
  if (hold !== null && !isOver(state)) return 'held'
  if (state === 'running' || state === 'finishing') return 'running'
  return isOver(state) ? (state as 'completed' | 'failed' | 'cancelled') : 'waiting'
}

/** A group that the server can be asked for by itself; null: it is chosen from what is loaded. */
export const stateOf = (group: Group): JobState | null =>
  group === 'running' || group === 'completed' || group === 'failed' || group === 'cancelled' ? group : null

/** Newest first, each once; of two sights of one job the later told. */
export function merged(rows: readonly JobSummary[], told: readonly JobSummary[]): JobSummary[] {
  const byId = new Map(rows.map(row => [row.id, row]))
  for (const row of told) byId.set(row.id, row)
  return [...byId.values()].sort((a, b) =>
    a.createdAt === b.createdAt ? (a.id < b.id ? 1 : -1) : a.createdAt < b.createdAt ? 1 : -1,
  )
}

export function shown(rows: readonly JobSummary[], group: Group, words: string): JobSummary[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '')
  return rows.filter(
    row =>
      (group === 'all' || groupOf(row) === group) &&
      wanted.every(word =>
        `${row.name} ${row.id} ${row.cluster}/${row.partition} ${row.owner}`.toLowerCase().includes(word),
      ),
  )
}

/** Of all jobs, as the server has counted them; those that are held are told apart from the state that they are in. */
export function countedAll({ states, held }: JobCounts): Record<Group, number> {
  const waiting = states.accepted + states.prepared + states.pending
  return {
    all: Object.values(states).reduce((sum, jobs) => sum + jobs, 0),
    waiting: Math.max(0, waiting - held),
    running: states.running + states.finishing,
    held,
    completed: states.completed,
    failed: states.failed,
    cancelled: states.cancelled,
  }
}

/** Of those that are loaded. */
export function counted(rows: readonly JobSummary[]): Record<Group, number> {
  const counts = Object.fromEntries(GROUPS.map(group => [group, 0])) as Record<Group, number>
  for (const row of rows) counts[groupOf(row)] += 1
  counts.all = rows.length
  return counts
}

/** In a few words, where the list knows; the job's own page says it whole. */
export function whyInShort(job: JobSummary): string | null {
  const { state, slurmState, slurmJobId, why } = job
  if (why !== null) return why
  const { word, text } = shownState(job)
  if (text !== word) return text.slice(word.length + 2)
  if (state === 'pending') return `waits in Slurm${slurmJobId === null ? '' : ` as ${slurmJobId}`}`
  if (state === 'accepted') return 'is being prepared'
  if (state === 'prepared') return 'about to be submitted'
  return state === 'running' && slurmState !== null && slurmState !== 'RUNNING' ? `Slurm says ${slurmState}` : null
}
