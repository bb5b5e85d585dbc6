// Lists of jobs, their counts, and which of them changed: answered from sorted sets and kept lines, whatever number of jobs there is.
import { JOB_STATES, type JobCounts, type JobState, type JobSummary } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { READ_CHANGED } from './changed-script.ts'
import { lineText, READ_LINES, type ReadLine } from './job-line.ts'
import type { Keys } from './keys.ts'
import { type PageQuestion, pageRows, READ_PAGE, type ReadPage } from './page-script.ts'
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
  /** The same as JSON: its lines stand in the store as they are shown. */
  listText(filter: ListFilter, limit: number, cursor: string | null): Promise<string>
  counts(filter: Pick<ListFilter, 'owner' | 'sinceMs'>): Promise<JobCounts>
  /** null: gone, or it cannot be read, which is logged. */
  lines(ids: readonly string[]): Promise<(JobSummary | null)[]>
  /** @param owner null: of all owners   @param after null: from now on */
  changed(owner: string | null, after: number | null, most: number): Promise<ChangedJobs>
}

/** Fifteen milliseconds of Redis, and those that are looked at in one call. */
export const MOST_LOOKED_AT = 5_000
const MOST_AT_ONCE = 500

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
  redis.defineCommand('trotlinePage', { numberOfKeys: 0, lua: READ_PAGE })
  redis.defineCommand('trotlineChanged', { numberOfKeys: 1, lua: READ_CHANGED })
  const scripts = redis as unknown as {
    trotlineLines(count: number, ...keys: string[]): Promise<ReadLine[]>
    trotlinePage(question: string): Promise<ReadPage>
    trotlineChanged(list: string, after: string, most: string): Promise<[string, number, string[]]>
  }

  async function lines(ids: readonly string[]): Promise<(JobSummary | null)[]> {
    if (ids.length === 0) return []
    const pairs = ids.flatMap(id => [keys.job(id), keys.epochs(id)])
    const found = await asking(scripts.trotlineLines(pairs.length, ...pairs))
    return Promise.all(
      found.map((one, i) => {
        const text = lineText(one)
        return text === null ? lineOfRecord(ids[i] ?? '') : (JSON.parse(text) as JobSummary)
      }),
    )
  }

  /** Every job that fits stands in all of the sets; what no set says, its line does, or the labels of its own owner. */
  function placesOf({ owner, state, cluster, name, labels = [], held }: ListFilter) {
    const sets = [
      ...(owner && state ? [keys.byOwnerState(owner, state)] : []),
      ...(cluster && state ? [keys.byClusterState(cluster, state)] : []),
      ...(state && !cluster && !owner ? [keys.byState(state)] : []),
      ...(held ? [owner ? keys.heldOf(owner) : keys.held()] : []),
      ...(owner ? labels.map(([key, value]) => keys.byOwnerLabel(owner, key, value)) : []),
    ]
    return {
      sets,
      whole: owner === undefined ? keys.all() : keys.byOwner(owner),
      words: cluster !== undefined && state === undefined ? [wordOf({ cluster })] : [],
      labels: owner === undefined ? labels.map(([key, value]) => aroundOwner(keys, key, value)) : [],
      name:
        name === undefined
          ? null
          : {
              set: owner === undefined ? keys.byName(name) : keys.byOwnerName(owner, name),
              word: wordOf({ name }),
              counted: keys.named(),
              all: keys.all(),
            },
    }
  }

  /** Of a job from before lines were kept. */
  async function textOf(id: string, filter: ListFilter): Promise<string | null> {
    const line = await lineOfRecord(id)
    if (line === null || !fits(line, filter)) return null
    const labels = (filter.labels ?? []).map(([key, value]) => keys.byOwnerLabel(line.owner, key, value))
    const scores = await asking(Promise.all(labels.map(label => redis.zscore(label, id))))
    return scores.includes(null) ? null : JSON.stringify(line)
  }

  const list: JobList = {
    lines,

    async listText(filter, limit, cursor) {
      const asked = { ...placesOf(filter), job: keys.job(''), epochs: keys.epochs('') }
      const least = filter.sinceMs === undefined ? '-inf' : String(filter.sinceMs)
      const items: string[] = []
      const pageTo = (row: Row | null): string =>
        `{"items":[${items.join(',')}],"nextCursor":${JSON.stringify(row && writeCursor(row))}}`
      // Each look begins where the last one ended, whatever has come to the list or left it meanwhile. Jobs of one millisecond share a
      // score, so it begins at that score and skips to the id.
      let seen: Row | null = cursor === null ? null : readCursor(cursor)
      const isNew = ({ id, score }: Row): boolean =>
        seen === null || score < seen.score || (score === seen.score && id < seen.id)
      let last: Row | null = null
      for (let again = seen === null ? 0 : 1, left = MOST_LOOKED_AT; ; ) {
        // One more than is shown tells whether there is a next page.
        const wanted = again + limit + 1 - items.length
        const question: PageQuestion = {
          ...asked,
          ...{ most: seen === null ? '+inf' : String(seen.score), least },
          ...{ wanted, look: again + Math.min(Math.max(wanted, MOST_AT_ONCE), left) },
        }
        const [looked, more, lastId, lastScore, same, found] = await asking(
          scripts.trotlinePage(JSON.stringify(question)),
        )
        const rows = await Promise.all(
          pageRows(found)
            .filter(isNew)
            .map(async ({ id, score, line }) => ({ id, score, text: lineText(line) ?? (await textOf(id, filter)) })),
        )
        for (const row of rows) {
          if (row.text === null) continue
          if (items.length === limit) return pageTo(last)
          items.push(row.text)
          last = row
        }
        if (more === 0) return pageTo(null)
        // Behind whatever was looked at, the next page begins; behind the last that fits where this one is full.
        const lookedAt = { id: lastId, score: Number(lastScore) }
        if (!isNew(lookedAt)) {
          // All were of that millisecond and are behind us.
          again = same * 2
          continue
        }
        left -= looked - again
        again = same
        seen = lookedAt
        if (items.length < limit) last = lookedAt
        if (left <= 0) return pageTo(last)
      }
    },

    list: async (filter, limit, cursor) => JSON.parse(await list.listText(filter, limit, cursor)) as ListPage,

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
  return list
}

/** As a kept line has it. */
const wordOf = (field: { name: string } | { cluster: string }): string => JSON.stringify(field).slice(1, -1)

/** What the key of an owner's label has before the owner and behind. */
function aroundOwner(keys: Keys, label: string, value: string): [string, string] {
  const [before = '', behind = ''] = keys.byOwnerLabel('\0', label, value).split('\0')
  return [before, behind]
}

/** Of a line that is made anew. */
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
