// Jobs in Redis: one record each, written by compare-and-set on its revision (commit-script.ts), listed by sorted sets.
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  CompatibilityReport,
  epochsAskedFor,
  expandedOf,
  type Job,
  type JobEvent,
  type JobState,
  type JobSummary,
  summaryOf,
} from '@trotline/contracts'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { isCoded, OrchestratorError } from '../errors.ts'
import { COMMIT } from './commit-script.ts'
import type { EpochStore } from './epoch-store.ts'
import { keptLine } from './job-line.ts'
import { createJobList, type JobList } from './job-list.ts'
import { indexKeys, type Keys } from './keys.ts'
import { progressOf } from './progress.ts'
import { JobRecord, recordText, SCHEMA_VERSION, shapeOf, shownOf, shownText } from './record.ts'
import { asking } from './redis.ts'
import { together } from './together.ts'
import { toldOf } from './told-events.ts'

/** The lease under which a write is made: its exact value must still stand in the store. */
export interface LeaseClaim {
  cluster: string
  value: string
}

export interface Idempotency {
  owner: string
  keySha256: string
  bodySha256: string
}

export interface NumberedEvent {
  seq: number
  event: JobEvent
}

export interface JobStore extends JobList {
  /** Stores a new job; with a key that was used before, answers the job that it made. @throws IDEMPOTENCY_KEY_REUSED */
  create(
    job: JobRecord,
    events: readonly JobEvent[],
    options: { secret: string; idempotency: Idempotency | null; report?: CompatibilityReport },
  ): Promise<{ id: string; created: boolean }>
  /**
   * Stores a job again that the store has lost, under its own id. False: there is a job of this id.
   * A key that another job has meanwhile stays that job's. @throws LEASE_LOST
   */
  restore(
    job: JobRecord,
    events: readonly JobEvent[],
    options: { secret: string; idempotency: { key: Idempotency; lifeMs: number } | null; lease: LeaseClaim },
  ): Promise<boolean>
  /** @throws JOB_NOT_FOUND */
  read(id: string): Promise<JobRecord>
  /** With progress, as REST shows it. @throws JOB_NOT_FOUND */
  view(id: string): Promise<Job>
  /** The same as JSON, and whose it is. @throws JOB_NOT_FOUND */
  viewText(id: string): Promise<{ owner: Job['owner']; text: string }>
  /** The same of a record in hand. */
  viewOf(record: JobRecord): Promise<Job>
  /**
   * Writes `next` over the revision it was made from.
   * @throws JOB_STALE_REVISION another write came first: read again
   * @throws LEASE_LOST another process owns the cluster now: stop
   */
  commit(
    previous: JobRecord,
    next: JobRecord,
    events: readonly JobEvent[],
    lease: LeaseClaim | null,
    idempotency?: Idempotency | null,
  ): Promise<JobRecord>
  idsInState(cluster: string, state: JobState): Promise<string[]>
  /** Of each job the number of its newest write, by which a reader knows whether it has read that; null: no such job. */
  revisions(ids: readonly string[]): Promise<(number | null)[]>
  due(cluster: string, nowMs: number, limit: number): Promise<string[]>
  secret(id: string): Promise<string | null>
  /** All that the job was judged by when it was made; null: that was not kept, and the record has the short of it. */
  reportOf(id: string): Promise<CompatibilityReport | null>
  /** Events after `seq`, oldest first; `reset` where the stream no longer reaches back that far. */
  eventsAfter(id: string, seq: number, limit: number): Promise<{ events: NumberedEvent[]; reset: boolean }>
  lastSeq(id: string): Promise<number>
  idempotent(key: Idempotency): Promise<string | null>
  /** The hashes of the Idempotency-Key that made the job, for its job.json; null: it had none. */
  idempotencyOf(id: string): Promise<Omit<Idempotency, 'owner'> | null>
}

interface Settings {
  redis: Redis
  keys: Keys
  epochs: EpochStore
  eventsPerJob: number
  idempotencyMs: number
  /** Whether webhooks are to be told of what happens. */
  telling?: boolean
  log?: Logger
}

/** One call of this size takes Redis about a millisecond. */
const REVISIONS_AT_ONCE = 1_000
const REVISIONS = `
local found = {}
for i, key in ipairs(KEYS) do found[i] = redis.call('HGET', key, 'revision') end
return found
`

/** Half a megabyte of records. */
const VIEWS_AT_ONCE = 100
// KEYS  for each job: its hash, its epochs
// Answers for each what Kept says.
const VIEWS = `
local found = {}
for i = 1, #KEYS, 2 do
  local fields = redis.call('HMGET', KEYS[i], 'record', 'shape', 'superseded', 'last', 'sealed')
  local live = fields[5] and 0 or redis.call('HLEN', KEYS[i + 1])
  found[#found + 1] = {live, fields[1], fields[2], fields[3], fields[4], fields[5]}
end
return found
`
type Kept = [
  live: number,
  record: string | null,
  shape: string | null,
  superseded: string | null,
  last: string | null,
  sealed: string | null,
]

type CommitReply = ['ok', number] | ['stale', string] | ['lease'] | ['known', string]

export function createJobStore({
  redis,
  keys,
  epochs,
  eventsPerJob,
  idempotencyMs,
  telling = true,
  log,
}: Settings): JobStore {
  redis.defineCommand('trotlineCommit', { numberOfKeys: 6, lua: COMMIT })
  const run = (...args: string[]): Promise<CommitReply> =>
    (redis as unknown as { trotlineCommit(...a: string[]): Promise<CommitReply> }).trotlineCommit(...args)

  redis.defineCommand('trotlineRevisions', { lua: REVISIONS })
  const revisionsOf = (count: number, ...jobKeys: string[]): Promise<(string | null)[]> =>
    (
      redis as unknown as { trotlineRevisions(n: number, ...k: string[]): Promise<(string | null)[]> }
    ).trotlineRevisions(count, ...jobKeys)

  redis.defineCommand('trotlineViews', { lua: VIEWS })
  const kept = together<Kept>(VIEWS_AT_ONCE, ids => {
    const pairs = ids.flatMap(id => [keys.job(id), keys.epochs(id)])
    const { trotlineViews } = redis as unknown as { trotlineViews(n: number, ...k: string[]): Promise<Kept[]> }
    return asking(trotlineViews.call(redis, pairs.length, ...pairs))
  })

  async function write(
    previous: JobRecord | null,
    next: JobRecord,
    events: readonly JobEvent[],
    options: {
      lease?: LeaseClaim | null
      secret?: string
      report?: CompatibilityReport | undefined
      idempotency?: Idempotency | null
      /** Of the idempotency key. */
      lifeMs?: number
    },
  ): Promise<CommitReply> {
    const after = indexKeys(keys, next)
    const gone = previous ? indexKeys(keys, previous).filter(key => !after.includes(key)) : []
    const { lease, secret, report, idempotency } = options
    const value = idempotency ? JSON.stringify({ id: next.id, bodySha256: idempotency.bodySha256 }) : ''
    // Only the POST that makes a job is part of what the job is.
    const origin = previous === null && idempotency ? keptOf(idempotency) : ''
    return asking(
      run(
        keys.job(next.id),
        keys.events(next.id),
        keys.lease(next.cluster),
        keys.due(next.cluster),
        idempotency ? keys.idempotency(idempotency.owner, idempotency.keySha256) : keys.job(next.id),
        keys.secret(next.id),
        String(previous?.revision ?? 0),
        recordText(next),
        lease?.value ?? '',
        next.inner.dueAt === null ? '' : String(next.inner.dueAt),
        next.id,
        String(Date.parse(next.createdAt)),
        JSON.stringify(after),
        JSON.stringify(gone),
        JSON.stringify(events.map(event => JSON.stringify(event))),
        String(eventsPerJob),
        value,
        String(options.lifeMs ?? idempotencyMs),
        secret ?? '',
        keys.changed(),
        origin,
        report === undefined ? '' : packed(report),
        keptLine(next),
        next.owner.id,
        keys.changedJobs(),
        // A job that is stored for the first time, or again, tells nobody: what others are told of comes after.
        telling && previous !== null ? toldOf(next, events) : '',
        keys.webhooks(),
        keys.webhookOutbox(),
        shapeOf(next),
        keys.byOwnerName(next.owner.id, next.name),
        keys.named(),
      ),
    )
  }

  function knownId(value: string, key: Idempotency): string {
    const known = JSON.parse(value) as { id: string; bodySha256: string }
    if (known.bodySha256 !== key.bodySha256) {
      throw new OrchestratorError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request', {
        details: { jobId: known.id },
      })
    }
    return known.id
  }

  /** @param shape as kept beside it; of ours, it is believed, and `asShown`: its text has all its fields */
  function parseRecord(id: string, text: string, shape: string | null): { record: JobRecord; asShown: boolean } {
    const unreadable = (why: string, details: Record<string, unknown> = {}) =>
      new OrchestratorError('STORE_RECORD_UNREADABLE', `The record of job ${id} ${why}`, { details })
    let raw: unknown
    try {
      raw = JSON.parse(text)
    } catch {
      throw unreadable('is not JSON')
    }
    if (isOurs(raw, shape)) return { record: raw, asShown: true }
    const parsed = JobRecord.safeParse(raw)
    if (parsed.success) return { record: parsed.data, asShown: false }
    throw unreadable('does not fit its schema', { issues: parsed.error.issues })
  }

  /** `text` null: not all that is shown stands in it. */
  async function readWhole(id: string) {
    const [live, text, shape, superseded, last, sealed] = await kept(id)
    if (text === null) throw new OrchestratorError('JOB_NOT_FOUND', `There is no job ${id}`)
    const { record, asShown } = parseRecord(id, text, shape)
    return { record, text: asShown ? text : null, progress: progressOf(record, { live, superseded, last, sealed }) }
  }

  /** A job from before lines were kept. null: its record cannot be read, or is gone, which must not hide the others. */
  async function lineOfRecord(id: string): Promise<JobSummary | null> {
    try {
      return summaryOf(await store.view(id))
    } catch (error) {
      if (!isCoded(error) || !['STORE_RECORD_UNREADABLE', 'JOB_NOT_FOUND'].includes(error.code)) throw error
      log?.error({ err: error, jobId: id }, 'a job is left out of a list')
      return null
    }
  }

  const store: JobStore = {
    async create(job, events, { secret, idempotency, report }) {
      const reply = await write(null, job, events, { secret, idempotency, report })
      if (reply[0] === 'ok') return { id: job.id, created: true }
      if (reply[0] === 'known' && idempotency) return { id: knownId(reply[1], idempotency), created: false }
      throw new OrchestratorError('JOB_STALE_REVISION', `A job ${job.id} exists already`)
    },

    async restore(job, events, { secret, idempotency, lease }) {
      const key = idempotency?.key ?? null
      let reply = await write(null, job, events, { lease, secret, idempotency: key, lifeMs: idempotency?.lifeMs ?? 0 })
      if (reply[0] === 'known') reply = await write(null, job, events, { lease, secret })
      if (reply[0] === 'lease')
        throw new OrchestratorError('LEASE_LOST', `Another process owns cluster ${job.cluster} now`)
      return reply[0] === 'ok'
    },

    async read(id) {
      const text = await asking(redis.hget(keys.job(id), 'record'))
      if (text === null) throw new OrchestratorError('JOB_NOT_FOUND', `There is no job ${id}`)
      return parseRecord(id, text, null).record
    },

    async view(id) {
      const { record, progress } = await readWhole(id)
      return viewOf(record, progress)
    },

    async viewText(id) {
      const { record, text, progress } = await readWhole(id)
      const more = JSON.stringify({ expanded: expandedOf(record.request), progress })
      const shown = text === null ? JSON.stringify(shownOf(record)) : shownText(record, text)
      return { owner: record.owner, text: `${shown.slice(0, -1)},${more.slice(1)}` }
    },

    viewOf: async record => viewOf(record, await epochs.progress(record)),

    async commit(previous, next, events, lease, idempotency = null) {
      const written = { ...next, revision: previous.revision + 1 }
      const reply = await write(previous, written, events, { lease, idempotency })
      if (reply[0] === 'ok') return written
      if (reply[0] === 'known' && idempotency) {
        knownId(reply[1], idempotency)
        return store.read(next.id)
      }
      if (reply[0] === 'lease') {
        throw new OrchestratorError('LEASE_LOST', `Another process owns cluster ${next.cluster} now`)
      }
      throw new OrchestratorError('JOB_STALE_REVISION', `Job ${next.id} was changed by another write`, {
        details: { read: previous.revision, found: reply[1] },
      })
    },

    ...createJobList(redis, keys, lineOfRecord),

    idsInState: (cluster, state) => asking(redis.zrange(keys.byClusterState(cluster, state), '0', '-1')),

    async revisions(ids) {
      const found: (number | null)[] = []
      for (let from = 0; from < ids.length; from += REVISIONS_AT_ONCE) {
        const part = ids.slice(from, from + REVISIONS_AT_ONCE).map(keys.job)
        const answer = await asking(revisionsOf(part.length, ...part))
        found.push(...answer.map(text => (text === null ? null : Number(text))))
      }
      return found
    },

    due: (cluster, nowMs, limit) => asking(redis.zrangebyscore(keys.due(cluster), '-inf', nowMs, 'LIMIT', 0, limit)),
    secret: id => asking(redis.get(keys.secret(id))),

    async reportOf(id) {
      const text = await asking(redis.hget(keys.job(id), 'compatibility'))
      return text === null ? null : unpacked(text)
    },

    async eventsAfter(id, seq, limit) {
      const rows = await asking(redis.xrange(keys.events(id), `${seq + 1}-0`, '+', 'COUNT', limit))
      const events = rows.map(([entry, fields]) => ({
        seq: Number(entry.split('-')[0]),
        event: JSON.parse(fields[1] ?? 'null') as JobEvent,
      }))
      const first = events[0]
      return { events, reset: first !== undefined && first.seq > seq + 1 }
    },

    lastSeq: async id => Number((await asking(redis.hget(keys.job(id), 'seq'))) ?? 0),

    async idempotent(key) {
      const known = await asking(redis.get(keys.idempotency(key.owner, key.keySha256)))
      return known === null ? null : knownId(known, key)
    },

    async idempotencyOf(id) {
      const kept = await asking(redis.hget(keys.job(id), 'idempotency'))
      if (kept === null) return null
      const [keySha256 = '', bodySha256 = ''] = kept.split(' ')
      return { keySha256, bodySha256 }
    },
  }
  return store
}

/** A job that was stored this moment, of which nobody can have reported anything. */
export function viewOfNew(record: JobRecord): Job {
  return viewOf(record, { epochs: 0, of: epochsAskedFor(record.request), superseded: 0, last: null })
}

const isOurs = (raw: unknown, shape: string | null): raw is JobRecord => {
  const { schemaVersion, revision = 0 } = (raw ?? {}) as Partial<JobRecord>
  return schemaVersion === SCHEMA_VERSION && shape === shapeOf({ revision })
}

const viewOf = (record: JobRecord, progress: Job['progress']): Job => ({
  ...shownOf(record),
  expanded: expandedOf(record.request),
  progress,
})

/** Its sources repeat: a fifth of the size. */
const packed = (report: CompatibilityReport): string => gzipSync(JSON.stringify(report)).toString('base64')

function unpacked(text: string): CompatibilityReport | null {
  const raw: unknown = JSON.parse(gunzipSync(Buffer.from(text, 'base64')).toString())
  return CompatibilityReport.safeParse(raw).data ?? null
}

const keptOf = ({ keySha256, bodySha256 }: Idempotency): string => `${keySha256} ${bodySha256}`
