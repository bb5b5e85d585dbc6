// Which jobs bear a name: each stands in a set of all of these and in one of its owner's, put there by the write that makes it
// (commit-script.ts), and is counted. Jobs that a version without such sets made are brought in here, also while that version still makes
// some. Until as many are counted as there are jobs, a list by name asks lines (page-script.ts), so that none is missed.
// No job is ever taken away or renamed.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { LINE_FIELD } from './job-line.ts'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

/** Each of the two calls takes Redis about half a millisecond. */
export const NAMES_AT_ONCE = 100
/** So that others come between them. */
const PAUSE_MS = 5

// KEYS  1 all jobs   2 how many stand in the sets of their name
// ARGV  1 from which on, newest first   2 how many   3 what the keys of jobs begin with
// Answers {how many are not counted, {id, creation time, owner, kept line, its record where there is no line, ...}}
const LOOK = `
local uncounted = redis.call('ZCARD', KEYS[1]) - tonumber(redis.call('GET', KEYS[2]) or '0')
if uncounted == 0 then return {0, {}} end
local rows = redis.call('ZREVRANGE', KEYS[1], ARGV[1], ARGV[1] + ARGV[2] - 1, 'WITHSCORES')
local found = {}
for i = 1, #rows, 2 do
  local job = ARGV[3] .. rows[i]
  local fields = redis.call('HMGET', job, 'owner', '${LINE_FIELD}')
  local record = not fields[2] and redis.call('HGET', job, 'record')
  for _, each in ipairs({rows[i], rows[i + 1], fields[1], fields[2], record}) do found[#found + 1] = each end
end
return {uncounted, found}
`

// KEYS  1 how many stand in the sets of their name
// ARGV  for each job: its creation time, its id, the two sets of its name
// Answers how many stood in none.
const BRING_IN = `
local added = 0
for i = 1, #ARGV, 4 do
  redis.call('ZADD', ARGV[i + 2], ARGV[i], ARGV[i + 1])
  added = added + redis.call('ZADD', ARGV[i + 3], ARGV[i], ARGV[i + 1])
end
if added > 0 then redis.call('INCRBY', KEYS[1], added) end
return added
`

export interface NameIndex {
  /**
   * Answers how many jobs were brought in; it ends early where it is told to stop. Any number of processes may do it at once, and whatever
   * is made or written meanwhile. A second time costs one call, however many jobs there are that cannot be read.
   */
  bringIn(signal: AbortSignal): Promise<number>
}

export function createNameIndex(redis: Redis, keys: Keys): NameIndex {
  redis.defineCommand('trotlineUnnamed', { numberOfKeys: 2, lua: LOOK })
  redis.defineCommand('trotlineName', { numberOfKeys: 1, lua: BRING_IN })
  const scripts = redis as unknown as {
    trotlineUnnamed(...args: string[]): Promise<[uncounted: number, found: (string | null)[]]>
    trotlineName(...args: string[]): Promise<number>
  }
  /** Of which no name can be read: they are in no list either. */
  let nameless = 0

  return {
    async bringIn(signal) {
      let brought = 0
      const unread = new Set<string>()
      for (let from = 0; !signal.aborted; from += NAMES_AT_ONCE) {
        // New jobs come in before those that were not looked at yet, which so are looked at later, or twice.
        const place = [String(from), String(NAMES_AT_ONCE), keys.job('')]
        const [uncounted, found] = await asking(scripts.trotlineUnnamed(keys.all(), keys.named(), ...place))
        if (uncounted === nameless) return brought
        if (found.length === 0) {
          // What an older version made meanwhile stands before all that was looked at: it has a name, and is for the next time.
          nameless = Math.min(uncounted, unread.size)
          return brought
        }
        const named = namedJobs(keys, found, unread)
        if (named.length > 0) brought += await asking(scripts.trotlineName(keys.named(), ...named))
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined)
      }
      return brought
    },
  }
}

/** Of each job that can be read, as BRING_IN takes them; the ids of the others come into `unread`. */
function namedJobs(keys: Keys, found: readonly (string | null)[], unread: Set<string>): string[] {
  const named: string[] = []
  for (let i = 0; i + 4 < found.length; i += 5) {
    const [id, createdMs, keptOwner, line, record] = found.slice(i, i + 5)
    const { name, owner } = fieldsOf(line ?? record ?? '')
    const whose = keptOwner ?? (typeof owner === 'object' ? owner?.id : owner)
    if (id && createdMs && typeof name === 'string' && typeof whose === 'string')
      named.push(createdMs, id, keys.byName(name), keys.byOwnerName(whose, name))
    else if (id) unread.add(id)
  }
  return named
}

/** Of a line or a record, whatever version made it. */
function fieldsOf(text: string): { name?: unknown; owner?: string | { id?: unknown } | null } {
  try {
    return (JSON.parse(text) ?? {}) as ReturnType<typeof fieldsOf>
  } catch {
    return {}
  }
}
