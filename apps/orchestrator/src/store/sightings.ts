// The newest look at each compute node of a cluster. They stay as long as Slurm lists the node: a look that is old says so by
// its age.
import { NodeSighting } from '@trotline/contracts'
import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

export interface Sightings {
  /** By node; what another version of the server wrote in another shape is left out. @throws STORE_UNREACHABLE */
  read(cluster: string): Promise<Map<string, NodeSighting>>
  /** An older look than the one that is there, or the 10,001st node, changes nothing. Answers whether it was stored. */
  record(cluster: string, sighting: NodeSighting): Promise<boolean>
  forget(cluster: string, nodes: readonly string[]): Promise<void>
}

const MOST_NODES = 10_000

// KEYS 1 looks   ARGV 1 node 2 look 3 its time 4 most nodes. Times are of one width, so they compare as text.
const RECORD = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then
  if cjson.decode(known).at > ARGV[3] then return 0 end
elseif redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`

export const createSightings = (redis: Redis, keys: Keys): Sightings => ({
  async read(cluster) {
    const all = await asking(redis.hgetall(keys.sightings(cluster)))
    return new Map(
      Object.values(all).flatMap(text => {
        const parsed = NodeSighting.safeParse(JSON.parse(text))
        return parsed.success ? [[parsed.data.node, parsed.data] as const] : []
      }),
    )
  },
  async record(cluster, sighting) {
    const at = new Date(sighting.at).toISOString()
    const text = JSON.stringify({ ...sighting, at })
    const stored = await asking(redis.eval(RECORD, 1, keys.sightings(cluster), sighting.node, text, at, MOST_NODES))
    return stored === 1
  },
  async forget(cluster, nodes) {
    if (nodes.length > 0) await asking(redis.hdel(keys.sightings(cluster), ...nodes))
  },
})
