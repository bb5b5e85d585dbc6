// What the last minute has spent of a cluster's ceilings. It is counted in Redis, by Redis's clock, so that the ceiling
// holds for several processes together and across a take-over. Without Redis nothing is granted.
import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import { asking } from './redis.ts'

export interface BudgetLimits {
  commandsPerMinute: number
  submissionsPerMinute: number
}

/** `submission` spends of both ceilings; the other of commands only. */
export interface Demand {
  kind: 'command' | 'submission'
  count: number
}

export interface Grant {
  /** For each demand in order how much of it is granted. The first that is not granted whole ends the list: order is kept. */
  granted: number[]
  /** When asking for the rest can help. 0: everything was granted. */
  waitMs: number
}

export interface Budget {
  /** One round trip for all demands. @throws STORE_UNREACHABLE: nothing is granted */
  reserve(cluster: string, limits: BudgetLimits, demands: readonly Demand[]): Promise<Grant>
  /** @throws STORE_UNREACHABLE */
  spent(cluster: string): Promise<{ commands: number; submissions: number }>
}

// A hash of seconds: what each of the last 61 has spent. Any 60 s touch at most 61 of them, so the sum never allows more than
// the ceiling in any 60 s, at the price of a second. Submissions may use four fifths of the commands: a burst of them
// never keeps questions and cancels waiting for the window's end.
//
// KEYS  1 commands  2 submissions
// ARGV  1 commands a minute   2 submissions a minute   3 demands: [kind, count, kind, count ...] (JSON)
// Answers {granted ..., waitMs}
const RESERVE = `
local clock = redis.call('TIME')
local second, ms = tonumber(clock[1]), math.floor(tonumber(clock[2]) / 1000)
local function look(key)
  local sum, oldest = 0, nil
  local rows = redis.call('HGETALL', key)
  for i = 1, #rows, 2 do
    local at = tonumber(rows[i])
    if at <= second - 61 then redis.call('HDEL', key, rows[i])
    else
      sum = sum + tonumber(rows[i + 1])
      if oldest == nil or at < oldest then oldest = at end
    end
  end
  return { key = key, sum = sum, oldest = oldest, taken = 0 }
end
local commands, submissions = look(KEYS[1]), look(KEYS[2])
local most, mostSubmissions = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = math.max(1, math.floor(most * 4 / 5))
local demands, answer, wait = cjson.decode(ARGV[3]), {}, 0
for i = 1, #demands, 2 do
  local kind, count = demands[i], tonumber(demands[i + 1])
  local free, full = most - commands.sum, commands
  if kind == 'submission' then
    free = kept - commands.sum
    if mostSubmissions - submissions.sum < free then free, full = mostSubmissions - submissions.sum, submissions end
  end
  local given = math.max(0, math.min(count, free))
  commands.sum, commands.taken = commands.sum + given, commands.taken + given
  if kind == 'submission' then submissions.sum, submissions.taken = submissions.sum + given, submissions.taken + given end
  table.insert(answer, given)
  if given < count then
    wait = ((full.oldest or second) + 61 - second) * 1000 - ms
    break
  end
end
for _, budget in ipairs({commands, submissions}) do
  if budget.taken > 0 then
    redis.call('HINCRBY', budget.key, second, budget.taken)
    redis.call('PEXPIRE', budget.key, 62000)
  end
end
table.insert(answer, math.max(wait, 0))
return answer
`

const SPENT = `
local second = tonumber(redis.call('TIME')[1])
local answer = {}
for i, key in ipairs(KEYS) do
  local rows, sum = redis.call('HGETALL', key), 0
  for j = 1, #rows, 2 do if tonumber(rows[j]) > second - 61 then sum = sum + tonumber(rows[j + 1]) end end
  answer[i] = sum
end
return answer
`

export function createBudget(redis: Redis, keys: Keys): Budget {
  redis.defineCommand('trotlineReserve', { numberOfKeys: 2, lua: RESERVE })
  redis.defineCommand('trotlineSpent', { numberOfKeys: 2, lua: SPENT, readOnly: true })
  const scripts = redis as unknown as Record<'trotlineReserve' | 'trotlineSpent', (...a: string[]) => Promise<number[]>>
  const keysOf = (cluster: string): [string, string] => [
    keys.spent(cluster, 'commands'),
    keys.spent(cluster, 'submissions'),
  ]
  return {
    async reserve(cluster, limits, demands) {
      const list = JSON.stringify(demands.flatMap(({ kind, count }) => [kind, count]))
      const { commandsPerMinute, submissionsPerMinute } = limits
      const answer = await asking(
        scripts.trotlineReserve(...keysOf(cluster), String(commandsPerMinute), String(submissionsPerMinute), list),
      )
      return { granted: answer.slice(0, -1), waitMs: answer.at(-1) ?? 0 }
    },
    async spent(cluster) {
      const [commands = 0, submissions = 0] = await asking(scripts.trotlineSpent(...keysOf(cluster)))
      return { commands, submissions }
    },
  }
}
