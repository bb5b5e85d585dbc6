// Environments in Redis: each lock under its id, gzip of its canonical JSON, with the record of how it came about; names with versions that
// are never changed; and which lock a problem was solved to.
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { Environment, type EnvironmentLock, OwnerId, Sha256, Timestamp } from '@trotline/contracts'
import type { PinnedLock } from '@trotline/environment'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { OrchestratorError } from '../errors.ts'
import type { Idempotency } from './job-store.ts'
import { KEEP_ENVIRONMENT } from './keep-environment-script.ts'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

/** What stays true of an environment, wherever it is made and whatever it is called. */
export const EnvironmentRecord = Environment.omit({ names: true, on: true })
export type EnvironmentRecord = z.infer<typeof EnvironmentRecord>

const NamedVersion = z.strictObject({ lock: Sha256, at: Timestamp, by: OwnerId })
export type NamedVersion = z.infer<typeof NamedVersion> & { version: number }

export interface NameHistory {
  name: string
  /** Whoever named the first version: others than operators cannot add to it. */
  owner: string
  /** Newest first. */
  versions: NamedVersion[]
}

/** Asked for as the next version of a name. */
export interface Naming {
  name: string
  by: string
  /** false: only the name's owner may. */
  operator: boolean
}

/** A lock as it lies in the store: gzip of its canonical JSON. */
export interface KeptLock {
  id: string
  packed: Buffer
}

export interface EnvironmentStore {
  /**
   * Keeps a lock and, where one is asked for, its name: both or neither. What is kept already stays as it is, and a name whose newest version
   * is this lock gets no other. A key that was used before answers what it made then.
   * @throws OrchestratorError ENVIRONMENT_NAME_TAKEN, ENVIRONMENT_NAME_FULL, ENVIRONMENT_SHARE_USED, IDEMPOTENCY_KEY_REUSED
   */
  keep(
    lock: KeptLock,
    record: EnvironmentRecord,
    options: { naming: Naming | null; idempotency: Idempotency | null },
  ): Promise<{ id: string; created: boolean; name: string | null }>
  /** null: none is kept. */
  record(id: string): Promise<EnvironmentRecord | null>
  /** Of each; null: none is kept, or what is kept cannot be read. */
  records(ids: readonly string[]): Promise<(EnvironmentRecord | null)[]>
  packed(id: string): Promise<Buffer | null>
  lock(id: string): Promise<PinnedLock | null>
  /** `ml@3`, oldest first; of many the newest hundred. */
  namesOf(ids: readonly string[]): Promise<string[][]>
  /** null: nobody ever used the name. */
  history(name: string): Promise<NameHistory | null>
  /** null: there is no such version. @param version undefined: the newest */
  named(name: string, version: number | undefined): Promise<NamedVersion | null>
  /** At most two, so that one can tell whether a prefix means one. */
  startingWith(prefix: string): Promise<string[]>
  /** Newest first. @param after a cursor of this list */
  list(limit: number, after: string | null): Promise<{ ids: string[]; nextCursor: string | null }>
  /** The lock that the same problem was solved to before. */
  solvedBefore(problemSha256: string): Promise<{ id: string; at: string } | null>
  noteSolved(problemSha256: string, solved: { id: string; at: string }, lifeMs: number): Promise<void>
  idempotent(key: Idempotency): Promise<string | null>
  /** That the key was used for what `subject` names, such as a lock on a cluster. @throws IDEMPOTENCY_KEY_REUSED */
  noteKey(key: Idempotency, subject: string): Promise<void>
}

const MOST_NAMES_SHOWN = 100
/** A name with more is a log of something, and belongs elsewhere. */
export const MOST_VERSIONS = 10_000

type KeepReply = ['known', string] | ['taken', string] | ['full'] | ['much', number] | ['kept', number, number]

const unpack = promisify(gunzip)
const pack = promisify(gzip)

/** Off the event loop. @param canonical the lock's canonical JSON */
export const packedLock = (canonical: string): Promise<Buffer> => pack(canonical)
export const unpackedLock = async (packed: Buffer): Promise<string> => (await unpack(packed)).toString()

export interface EnvironmentStoreLimits {
  idempotencyMs: number
  /** Of locks and records as they are kept, and of names. */
  keptMiBPerOwner: number
}

export function createEnvironmentStore(
  redis: Redis,
  keys: Keys,
  { idempotencyMs, keptMiBPerOwner }: EnvironmentStoreLimits,
): EnvironmentStore {
  const store: EnvironmentStore = {
    async keep({ id, packed }, record, { naming, idempotency }) {
      const at = record.createdAt
      const version = JSON.stringify({ lock: id, at, by: naming?.by ?? '' })
      const reply = (await asking(
        redis.eval(
          KEEP_ENVIRONMENT,
          7,
          keys.environment(id),
          keys.environmentList(),
          keys.environmentIds(),
          naming ? keys.environmentName(naming.name) : keys.environment(id),
          keys.namesOfEnvironment(id),
          idempotency ? keys.idempotency(idempotency.owner, idempotency.keySha256) : keys.environment(id),
          keys.environmentBytes(),
          id,
          packed,
          JSON.stringify(record),
          String(Date.parse(at)),
          naming?.name ?? '',
          naming?.by ?? '',
          naming?.operator ? '1' : '0',
          version,
          idempotency ? JSON.stringify({ id, bodySha256: idempotency.bodySha256 }) : '',
          String(idempotencyMs),
          String(MOST_VERSIONS),
          record.createdBy,
          String(Math.floor(keptMiBPerOwner * 1_048_576)),
        ),
      )) as KeepReply
      switch (reply[0]) {
        case 'known':
          return { id: knownId(reply[1], idempotency), created: false, name: null }
        case 'taken':
          throw new OrchestratorError(
            'ENVIRONMENT_NAME_TAKEN',
            `The name ${naming?.name} belongs to ${reply[1]}, who named its first version; only they and operators add versions`,
            { details: { owner: reply[1] } },
          )
        case 'full':
          throw new OrchestratorError(
            'ENVIRONMENT_NAME_FULL',
            `The name ${naming?.name} has ${MOST_VERSIONS} versions, and gets no more: take another name`,
          )
        case 'much':
          throw new OrchestratorError(
            'ENVIRONMENT_SHARE_USED',
            `The locks and names that ${naming?.by ?? record.createdBy} brought take all of the ${keptMiBPerOwner} MiB that an owner may keep here: use those that are kept, or ask the operator for a larger environments.keptMiBPerOwner`,
          )
        case 'kept':
          return { id, created: reply[1] === 1, name: naming ? `${naming.name}@${reply[2]}` : null }
      }
    },

    async record(id) {
      return readRecord(await asking(redis.hget(keys.environment(id), 'record')))
    },
    async records(ids) {
      const texts = await Promise.all(ids.map(id => asking(redis.hget(keys.environment(id), 'record'))))
      return texts.map(readRecord)
    },
    packed: id => asking(redis.hgetBuffer(keys.environment(id), 'lock')),
    async lock(id) {
      const packed = await store.packed(id)
      if (packed === null) return null
      // It was held against its schema, and hashed, before it came here.
      return { id, lock: JSON.parse(await unpackedLock(packed)) as EnvironmentLock }
    },

    namesOf: ids =>
      Promise.all(ids.map(id => asking(redis.lrange(keys.namesOfEnvironment(id), -MOST_NAMES_SHOWN, -1)))),
    async history(name) {
      const { owner, newest, ...versions } = await asking(redis.hgetall(keys.environmentName(name)))
      if (owner === undefined || newest === undefined) return null
      const found = Object.entries(versions).map(([version, text]) => readVersion(Number(version), text))
      return { name, owner, versions: found.toSorted((a, b) => b.version - a.version) }
    },
    async named(name, version) {
      const key = keys.environmentName(name)
      const wanted = version ?? Number(await asking(redis.hget(key, 'newest')))
      const text = wanted === 0 ? null : await asking(redis.hget(key, String(wanted)))
      return text === null ? null : readVersion(wanted, text)
    },

    startingWith: prefix =>
      asking(redis.zrangebylex(keys.environmentIds(), `[${prefix}`, `[${prefix}g`, 'LIMIT', 0, 2)),
    async list(limit, after) {
      const rank = after === null ? 0 : await rankAfter(after)
      const ids = await asking(redis.zrevrange(keys.environmentList(), rank, rank + limit))
      const page = ids.slice(0, limit)
      return { ids: page, nextCursor: ids.length > limit ? (page.at(-1) ?? null) : null }
    },

    async solvedBefore(problemSha256) {
      const text = await asking(redis.get(keys.solved(problemSha256)))
      return text === null ? null : (JSON.parse(text) as { id: string; at: string })
    },
    async noteSolved(problemSha256, solved, lifeMs) {
      if (lifeMs < 1) return
      await asking(redis.set(keys.solved(problemSha256), JSON.stringify(solved), 'PX', Math.ceil(lifeMs)))
    },
    async idempotent(key) {
      const known = await asking(redis.get(keys.idempotency(key.owner, key.keySha256)))
      return known === null ? null : knownId(known, key)
    },
    async noteKey(key, subject) {
      const at = keys.idempotency(key.owner, key.keySha256)
      const value = JSON.stringify({ id: subject, bodySha256: key.bodySha256 })
      const known = await asking(redis.set(at, value, 'PX', idempotencyMs, 'NX', 'GET'))
      if (known !== null) knownId(known, key)
    },
  }
  return store

  /** The cursor is the id that a page ended with: environments are added at the other end, and none is taken away. */
  async function rankAfter(id: string): Promise<number> {
    const rank = await asking(redis.zrevrank(keys.environmentList(), id))
    return rank === null ? 0 : rank + 1
  }
}

function knownId(value: string, key: Idempotency | null): string {
  const known = JSON.parse(value) as { id: string; bodySha256: string }
  if (known.bodySha256 === key?.bodySha256) return known.id
  throw new OrchestratorError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request', {
    details: { id: known.id },
  })
}

function readRecord(text: string | null): EnvironmentRecord | null {
  return text === null ? null : (EnvironmentRecord.safeParse(JSON.parse(text)).data ?? null)
}

const readVersion = (version: number, text: string): NamedVersion => ({
  version,
  ...NamedVersion.parse(JSON.parse(text)),
})
