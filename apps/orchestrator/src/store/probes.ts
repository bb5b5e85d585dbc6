// The last look at each kind of node of a cluster, or the one under way: at most one for a kind at any time. Requests ask for one,
// the cluster's owner writes what becomes of it (lifecycle/probe.ts).
import { NodeProbe } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { OrchestratorError } from '../errors.ts'
import type { Idempotency } from './job-store.ts'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

export const ProbeRecord = z.object({
  ...NodeProbe.shape,
  /** Of the look's directory and Slurm job name; null: none was chosen yet. */
  look: z.string().nullable(),
  /** In milliseconds: not to be tried again before. */
  dueAt: z.number(),
  /** The partition that was asked for; null: any. */
  wanted: z.string().nullable(),
  /** In a row, for the pace of those that nobody asked for. */
  failures: z.int().min(0),
})
export type ProbeRecord = z.infer<typeof ProbeRecord>

export const isUnderWay = ({ state }: Pick<ProbeRecord, 'state'>): boolean => state !== 'done' && state !== 'failed'

export interface Asked {
  kind: string
  /** null: in whatever partition the kind stands. */
  partition: string | null
  /** Looks at it that failed in a row, and nobody had asked for. */
  failures?: number
}

export interface Probes {
  /** @throws STORE_UNREACHABLE */
  read(cluster: string): Promise<ProbeRecord[]>
  /** Kinds that are being looked at stay as they are, and a replayed key does nothing. @throws IDEMPOTENCY_KEY_REUSED */
  ask(
    cluster: string,
    kinds: readonly Asked[],
    who: { by: string | null; at: string },
    idempotency: Idempotency | null,
  ): Promise<void>
  /** By the owner. */
  write(cluster: string, record: ProbeRecord): Promise<void>
  forget(cluster: string, kinds: readonly string[]): Promise<void>
}

// KEYS  1 probes  2 idempotency   ARGV  1 idempotency value ('': none)  2 its life in ms  3.. kind, record, kind, record, ...
// Answers what the key is known for, or nothing.
const ASK = `
if ARGV[1] ~= '' then
  local known = redis.call('GET', KEYS[2])
  if known then return known end
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
end
for i = 3, #ARGV, 2 do
  local there = redis.call('HGET', KEYS[1], ARGV[i])
  local before = there and cjson.decode(there)
  if not before or before.state == 'done' or before.state == 'failed' then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
return false
`

export const createProbes = (redis: Redis, keys: Keys, idempotencyMs: number): Probes => ({
  async read(cluster) {
    const all = await asking(redis.hgetall(keys.probes(cluster)))
    return Object.values(all).flatMap(text => ProbeRecord.safeParse(JSON.parse(text)).data ?? [])
  },
  async ask(cluster, kinds, { by, at }, idempotency) {
    const key = idempotency
      ? keys.idempotency(idempotency.owner, idempotency.keySha256)
      : `${keys.probes(cluster)}:no-idempotency-key`
    // The same shape as a job's (job-store.ts), so that a key used there is recognised here, and the other way round.
    const value = idempotency ? JSON.stringify({ id: cluster, bodySha256: idempotency.bodySha256 }) : ''
    const records = kinds.flatMap(one => [one.kind, JSON.stringify(asked(one, by, at))])
    const known = (await asking(
      redis.eval(ASK, 2, keys.probes(cluster), key, value, String(idempotencyMs), ...records),
    )) as string | null
    if (known !== null && (JSON.parse(known) as { bodySha256?: string }).bodySha256 !== idempotency?.bodySha256)
      throw new OrchestratorError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request')
  },
  async write(cluster, record) {
    await asking(redis.hset(keys.probes(cluster), record.kind, JSON.stringify(record)))
  },
  async forget(cluster, kinds) {
    if (kinds.length > 0) await asking(redis.hdel(keys.probes(cluster), ...kinds))
  },
})

const asked = ({ kind, partition, failures = 0 }: Asked, by: string | null, at: string): ProbeRecord => ({
  kind,
  state: 'asked',
  by,
  partition: null,
  node: null,
  slurmJobId: null,
  at,
  detail: '',
  look: null,
  dueAt: 0,
  wanted: partition,
  failures,
})
