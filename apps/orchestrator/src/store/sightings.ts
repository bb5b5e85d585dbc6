// The newest look at each compute node of a cluster, and beside it the newest claim: what a user's job wrote of the node. They stay
// as long as Slurm lists the node: one that is old says so by its age.
import { NodeSighting, Timestamp } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

export const KnownLook = NodeSighting.extend({
  /** When its driver and GPUs were seen, where nvidia-smi did not answer the newest look. */
  gpusAt: Timestamp.optional(),
})
export type KnownLook = z.infer<typeof KnownLook>

export const Claim = NodeSighting.extend({ job: z.string().max(64) })
export type Claim = z.infer<typeof Claim>

/** By node. */
export interface KnownLooks {
  looks: Map<string, KnownLook>
  claims: Map<string, Claim>
}

export interface Sightings {
  /** What another version of the server wrote in another shape is left out. @throws STORE_UNREACHABLE */
  read(cluster: string): Promise<KnownLooks>
  /** An older one than the one that is there, or that of the 10,001st node, changes nothing. Answers whether it was stored. */
  record(cluster: string, look: KnownLook): Promise<boolean>
  /** As `record`; takes no look's place. */
  recordClaim(cluster: string, claim: Claim): Promise<boolean>
  forget(cluster: string, nodes: readonly string[]): Promise<void>
}

const MOST_NODES = 10_000

/** No node's name has a colon. */
const CLAIM = 'job:'

// KEYS 1 looks   ARGV 1 field 2 look 3 its time 4 most fields. Times are of one width, so they compare as text.
const RECORD = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then
  if cjson.decode(known).at > ARGV[3] then return 0 end
elseif redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`

export function createSightings(redis: Redis, keys: Keys): Sightings {
  async function record(cluster: string, field: string, look: KnownLook | Claim): Promise<boolean> {
    const at = new Date(look.at).toISOString()
    const text = JSON.stringify({ ...look, at })
    const stored = await asking(redis.eval(RECORD, 1, keys.sightings(cluster), field, text, at, 2 * MOST_NODES))
    return stored === 1
  }
  return {
    async read(cluster) {
      const known: KnownLooks = { looks: new Map(), claims: new Map() }
      for (const [field, text] of Object.entries(await asking(redis.hgetall(keys.sightings(cluster))))) {
        const value: unknown = JSON.parse(text)
        if (field.startsWith(CLAIM)) {
          const { data } = Claim.safeParse(value)
          if (data !== undefined) known.claims.set(data.node, data)
        } else {
          const { data } = KnownLook.safeParse(value)
          if (data !== undefined) known.looks.set(data.node, data)
        }
      }
      return known
    },
    record: (cluster, look) => record(cluster, look.node, look),
    recordClaim: (cluster, claim) => record(cluster, `${CLAIM}${claim.node}`, claim),
    async forget(cluster, nodes) {
      const fields = nodes.flatMap(node => [node, `${CLAIM}${node}`])
      if (fields.length > 0) await asking(redis.hdel(keys.sightings(cluster), ...fields))
    },
  }
}
