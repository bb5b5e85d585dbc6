// What is known of each environment on a cluster: one record per lock, changed by requests (wishes) and by the cluster's owner (what
// became of them). Every change is a compare-and-set on the record's revision, so neither writes over the other.
import { Materialisation, Sha256 } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { OrchestratorError } from '../errors.ts'
import type { LeaseClaim } from './job-store.ts'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

/** What a person, or a rule, wishes of an environment that is there or on its way. */
export const EnvironmentWish = z.strictObject({
  kind: z.enum(['cancel', 'remove', 'verify']),
  by: z.string(),
  at: z.iso.datetime(),
})

/** What the service is doing about it, on the cluster and in this process. */
const Doing = z.strictObject({
  /**
   * bring: release, archives and order are on their way. start: about to be started (durable before it may run). follow: it was
   * started. stop: it was told to end. look, quarantine, remove: those programs run.
   */
  phase: z.enum(['bring', 'start', 'follow', 'stop', 'look', 'quarantine', 'remove']),
  /** Since when. */
  since: z.iso.datetime(),
  /** Names the files of the program that runs, in the build directory. */
  run: z.string(),
  /** Of the maker as a Slurm job; null: it runs on the login node. */
  slurm: z.strictObject({ name: z.string(), id: z.string().nullable(), meantAt: z.iso.datetime() }).nullable(),
})

export const MaterialisationRecord = Materialisation.omit({ jobs: true }).extend({
  revision: z.int().min(1),
  /** Who asked for it first. */
  by: z.string(),
  inner: z.strictObject({
    /** null: nothing is under way. */
    doing: Doing.nullable(),
    wish: EnvironmentWish.nullable(),
    /** In milliseconds: not to be worked on before. */
    dueAt: z.number(),
    /** Transient troubles in a row. */
    tries: z.int().min(0),
    /** It was asked for while it was being removed or put into quarantine: it is made again after that. */
    wantedAgain: z.boolean(),
    /** When the last cancel, or the last trouble for good, was: jobs accepted before it end with it, later ones have it made anew. */
    gaveUpAt: z.iso.datetime().nullable(),
  }),
})
export type MaterialisationRecord = z.infer<typeof MaterialisationRecord>

/** Has the cluster's owner something to do about it? */
export const isUnderWay = ({ state, inner }: Pick<MaterialisationRecord, 'state' | 'inner'>): boolean =>
  state === 'wanted' || inner.doing !== null || inner.wish !== null

export interface MaterialisationStore {
  /** null: nobody ever asked for it there, or it was removed. @throws STORE_UNREACHABLE */
  read(cluster: string, lock: string): Promise<MaterialisationRecord | null>
  list(cluster: string): Promise<MaterialisationRecord[]>
  /** Of those about which the owner has something to do. */
  due(cluster: string): Promise<MaterialisationRecord[]>
  /**
   * Reads, decides, writes over exactly what was read, and decides again where another write came first. `decide` answers the next
   * record, null to forget it, or what it was given to leave it. `unneeded`: only while no job that is not over needs it.
   * @returns what stands there now, and whether this call changed it. `needed`: refused, as a job needs it
   * @throws LEASE_LOST, STORE_UNREACHABLE
   */
  change(
    cluster: string,
    lock: string,
    decide: (record: MaterialisationRecord | null) => MaterialisationRecord | null,
    options?: { lease?: LeaseClaim; unneeded?: boolean },
  ): Promise<{ record: MaterialisationRecord | null; outcome: 'changed' | 'same' | 'needed' }>
  /** How many jobs that are not over need it. */
  jobs(cluster: string, lock: string): Promise<number>
  /** Their ids. */
  jobIds(cluster: string, lock: string): Promise<string[]>
}

// KEYS  1 records  2 due  3 jobs that need it  4 lease
// ARGV  1 lock  2 revision that was read ('0': none)  3 record ('': forget it)  4 under way ('1')  5 unneeded ('1')  6 lease ('': none)
const CHANGE = `
if ARGV[6] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[6] then return 'lease' end
local there = redis.call('HGET', KEYS[1], ARGV[1])
local revision = there and tostring(cjson.decode(there).revision) or '0'
if revision ~= ARGV[2] then return 'stale' end
if ARGV[5] == '1' and redis.call('ZCARD', KEYS[3]) > 0 then return 'needed' end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
if ARGV[4] == '1' then redis.call('SADD', KEYS[2], ARGV[1]) else redis.call('SREM', KEYS[2], ARGV[1]) end
return 'ok'
`

/** Each try that fails means that another write came through. */
const MOST_TRIES = 50

export function createMaterialisationStore(redis: Redis, keys: Keys): MaterialisationStore {
  // A record of another version of the server is as good as none: the environment itself is found again on the cluster.
  const parse = (text: string | null | undefined): MaterialisationRecord | null =>
    typeof text === 'string' ? (MaterialisationRecord.safeParse(jsonOf(text)).data ?? null) : null

  const read = async (cluster: string, lock: string): Promise<MaterialisationRecord | null> =>
    parse(await asking(redis.hget(keys.materialisations(cluster), lock)))

  return {
    read,
    async list(cluster) {
      const all = await asking(redis.hgetall(keys.materialisations(cluster)))
      return Object.values(all).flatMap(text => parse(text) ?? [])
    },
    async due(cluster) {
      const locks = await asking(redis.smembers(keys.materialisationsDue(cluster)))
      if (locks.length === 0) return []
      const texts = await asking(redis.hmget(keys.materialisations(cluster), ...locks))
      return texts.flatMap(text => parse(text) ?? [])
    },
    async change(cluster, lock, decide, { lease, unneeded = false } = {}) {
      Sha256.parse(lock)
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const text = await asking(redis.hget(keys.materialisations(cluster), lock))
        const before = parse(text)
        const wanted = decide(before)
        if (wanted === before) return { record: before, outcome: 'same' }
        const revision = revisionIn(text)
        const next = wanted === null ? null : { ...wanted, revision: revision + 1 }
        const answer = await asking(
          redis.eval(
            CHANGE,
            4,
            keys.materialisations(cluster),
            keys.materialisationsDue(cluster),
            keys.byEnvironment(cluster, lock),
            keys.lease(cluster),
            lock,
            String(revision),
            next === null ? '' : JSON.stringify(next),
            next !== null && isUnderWay(next) ? '1' : '',
            unneeded ? '1' : '',
            lease?.value ?? '',
          ),
        )
        if (answer === 'ok') return { record: next, outcome: 'changed' }
        if (answer === 'needed') return { record: before, outcome: 'needed' }
        if (answer === 'lease') throw new OrchestratorError('LEASE_LOST', `Another process owns cluster ${cluster} now`)
      }
      throw new OrchestratorError('STORE_UNREACHABLE', `The record of environment ${lock} changes all the time`)
    },
    jobs: (cluster, lock) => asking(redis.zcard(keys.byEnvironment(cluster, lock))),
    jobIds: (cluster, lock) => asking(redis.zrange(keys.byEnvironment(cluster, lock), '0', '-1')),
  }
}

/** Also of a record that does not fit its schema any more: it is to be written over. */
function revisionIn(text: string | null): number {
  const raw = text === null ? null : (jsonOf(text) as { revision?: unknown } | null)
  return typeof raw?.revision === 'number' ? raw.revision : 0
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
