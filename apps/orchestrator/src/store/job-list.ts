// Lists of jobs, their counts, and which of them changed: answered from sorted sets and kept lines, whatever number of jobs there is.
import { JOB_STATES, type JobCounts, type JobState, type JobSummary } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { READ_CHANGED } from './changed-script.ts'
import { lineOf, READ_LINES, type ReadLine } from './job-line.ts'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

export interface ListFilter {
  owner?: string | undefined
  state?: JobState | undefined
  cluster?: string | undefined
  name?: string | undefined
  /** All of them. */
  labels?: readonly (readonly [key: string, value: string])[] | undefined
  /** Made at this time (ms) or after. */
  sinceMs?: number | undefined
  held?: true | undefined
}

export interface ListPage {
  items: JobSummary[]
  nextCursor: string | null
}

export interface ChangedJobs {
  /** Where a reader stands that has read these. */
  cursor: number
  /** Changes after the reader's number may be gone, or the store never had it. */
  reset: boolean
  /** In the order of their changes; each once, with the number of its newest. */
  jobs: { id: string; number: number }[]
}

export interface JobList {
  /**
   * Newest first. The cursor is opaque. At most MOST_LOOKED_AT jobs are looked at for a page: where few of them fit it has less than
   * `limit`, or none, and goes on at its cursor.
   */
  list(filter: ListFilter, limit: number, cursor: string | null): Promise<ListPage>
  counts(filter: Pick<ListFilter, 'owner' | 'sinceMs'>): Promise<JobCounts>
  /** null: gone, or it cannot be read, which is logged. */
  lines(ids: readonly string[]): Promise<(JobSummary | null)[]>
  /** @param owner null: of all owners   @param after null: from now on */
  changed(owner: string | null, after: number | null, most: number): Promise<ChangedJobs>
}

/** About ten milliseconds of Redis. */
export const MOST_LOOKED_AT = 5_000
/** Rows looked at together where not all of them fit. */
const AT_ONCE = 250

interface Row {
  score: number
  id: string
}

/** @param lineOfRecord for a job whose line is not kept; null as for `lines` */
export function createJobList(
  redis: Redis,
  keys: Keys,
  lineOfRecord: (id: string) => Promise<JobSummary | null>,
): JobList {
  redis.defineCommand('trotlineLines', { lua: READ_LINES })
  redis.defineCommand('trotlineChanged', { numberOfKeys: 1, lua: READ_CHANGED })
  const scripts = redis as unknown as {
    trotlineLines(count: number, ...keys: string[]): Promise<ReadLine[]>
    trotlineChanged(list: string, after: string, most: string): Promise<[string, number, string[]]>
  }

  async function lines(ids: readonly string[]): Promise<(JobSummary | null)[]> {
    if (ids.length === 0) return []
    const pairs = ids.flatMap(id => [keys.job(id), keys.epochs(id)])
    const found = await asking(scripts.trotlineLines(pairs.length, ...pairs))
    return Promise.all(found.map((one, i) => lineOf(one) ?? lineOfRecord(ids[i] ?? '')))
  }

  /** The shortest of the sets in which every job that fits must stand. */
  async function sourceOf({ owner, state, cluster, labels = [], held }: ListFilter): Promise<string> {
    const sets = [
      ...(owner && state ? [keys.byOwnerState(owner, state)] : []),
      ...(owner && !state ? [keys.byOwner(owner)] : []),
      ...(owner ? labels.map(([key, value]) => keys.byOwnerLabel(owner, key, value)) : []),
      ...(cluster && state ? [keys.byClusterState(cluster, state)] : []),
      ...(state && !cluster && !owner ? [keys.byState(state)] : []),
      ...(held ? [owner ? keys.heldOf(owner) : keys.held()] : []),
    ]
    const [only = keys.all()] = sets
    if (sets.length < 2) return only
    const sizes = await asking(Promise.all(sets.map(set => redis.zcard(set))))
    return sets[sizes.indexOf(Math.min(...sizes))] ?? only
  }

  /** Which of these jobs have all the labels. */
  async function labelled(
    jobs: readonly (JobSummary | null)[],
    source: string,
    { owner, labels: all = [] }: ListFilter,
  ): Promise<boolean[]> {
    // Whatever stands in a label's own set has that label.
    const labels = all.filter(([key, value]) => owner === undefined || source !== keys.byOwnerLabel(owner, key, value))
    if (labels.length === 0) return jobs.map(() => true)
    return asking(
      Promise.all(
        jobs.map(async job => {
          if (job === null) return false
          const scores = await Promise.all(
            labels.map(([key, value]) => redis.zscore(keys.byOwnerLabel(job.owner, key, value), job.id)),
          )
          return scores.every(score => score !== null)
        }),
      ),
    )
  }

  return {
    lines,

    async list(filter, limit, cursor) {
      const source = await sourceOf(filter)
      const after = cursor === null ? null : readCursor(cursor)
      const least = filter.sinceMs === undefined ? '-inf' : String(filter.sinceMs)
      const items: JobSummary[] = []
      // Jobs of one millisecond share a score, so the page starts at the cursor's score and skips to its id.
      const most = after === null ? '+inf' : String(after.score)
      let last: Row | null = null
      for (let offset = 0, count = limit + 1; ; offset += count, count = Math.max(count, AT_ONCE)) {
        const answer = await asking(redis.zrevrangebyscore(source, most, least, 'WITHSCORES', 'LIMIT', offset, count))
        const rows = rowsOf(answer)
        const candidates = rows.filter(({ id, score }) => after === null || score !== after.score || id < after.id)
        const found = await lines(candidates.map(row => row.id))
        const fitting = found.map(job => (job !== null && fits(job, filter) ? job : null))
        const wanted = await labelled(fitting, source, filter)
        for (const [i, row] of candidates.entries()) {
          const job = fitting[i]
          if (job && wanted[i]) {
            if (items.length === limit) return { items, nextCursor: last && writeCursor(last) }
            items.push(job)
          }
          // Behind whatever was looked at, the next page begins; behind the last that fits where this one is full.
          if (items.length < limit || (job && wanted[i])) last = row
        }
        if (rows.length < count) return { items, nextCursor: null }
        if (offset + count >= MOST_LOOKED_AT) return { items, nextCursor: last && writeCursor(last) }
      }
    },

    async counts({ owner, sinceMs }) {
      const count = (set: string): Promise<number> =>
        sinceMs === undefined ? redis.zcard(set) : redis.zcount(set, sinceMs, '+inf')
      const sets = JOB_STATES.map(state => (owner ? keys.byOwnerState(owner, state) : keys.byState(state)))
      const [held = 0, ...states] = await asking(
        Promise.all([owner ? keys.heldOf(owner) : keys.held(), ...sets].map(count)),
      )
      const named = Object.fromEntries(JOB_STATES.map((state, i) => [state, states[i] ?? 0]))
      return { states: named as JobCounts['states'], held }
    },

    async changed(owner, after, most) {
      const list = owner === null ? keys.changedJobs() : keys.changedJobsOf(owner)
      const text = after === null ? '' : String(after)
      const [newest, reset, flat] = await asking(scripts.trotlineChanged(list, text, String(most)))
      const jobs = rowsOf(flat).map(({ id, score }) => ({ id, number: score }))
      return { cursor: jobs.at(-1)?.number ?? Number(newest), reset: reset === 1, jobs }
    },
  }
}

const fits = (job: JobSummary, { owner, state, cluster, name, held }: ListFilter): boolean =>
  (!owner || job.owner === owner) &&
  (!state || job.state === state) &&
  (!cluster || job.cluster === cluster) &&
  (!name || job.name === name) &&
  (!held || job.hold !== null)

function rowsOf(rows: readonly (string | number | [string, number])[]): Row[] {
  const flat = rows.flat() as (string | number)[]
  const out: Row[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) out.push({ id: String(flat[i]), score: Number(flat[i + 1]) })
  return out
}

const writeCursor = (at: Row): string => Buffer.from(`${at.score}.${at.id}`).toString('base64url')

function readCursor(cursor: string): Row {
  const [, score, id = ''] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (score === undefined) throw new TypeError(`not a cursor of ours: ${cursor}`)
  return { score: Number(score), id }
}

const CURSOR = /^(\d{1,15})\.([a-z0-9]{12})$/

/** Whether a text that a reader sent can be a cursor of a list. */
export const isCursor = (text: string): boolean => CURSOR.test(Buffer.from(text, 'base64url').toString())
