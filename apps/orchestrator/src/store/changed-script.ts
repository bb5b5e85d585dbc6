// Which jobs changed last: one line a job in a list of its owner and in one of all, by a number that only grows. Whoever follows them
// reads from its number on, and is told where the lists no longer reach back that far.

/** Of each list: a reader that was away for more changed jobs than this reads its list of jobs afresh. */
export const CHANGED_JOBS_KEPT = 2_000

/**
 * A function for the scripts that change what a list of jobs shows. The number is the time in milliseconds, or one more than the newest:
 * so it grows also where the store was put back to an older state.
 */
export const TELL_CHANGED = `
local function tell_changed(all, owner, id)
  local time = redis.call('TIME')
  local at = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local newest = redis.call('ZREVRANGE', all, 0, 0, 'WITHSCORES')
  if newest[2] and tonumber(newest[2]) >= at then at = tonumber(newest[2]) + 1 end
  local lists = {all}
  if owner then lists[2] = all .. ':owner:' .. owner end
  for _, list in ipairs(lists) do
    redis.call('ZADD', list, string.format('%.0f', at), id)
    if redis.call('ZCARD', list) > ${CHANGED_JOBS_KEPT} then redis.call('ZREMRANGEBYRANK', list, 0, 0) end
  end
end
`

// KEYS  1 list   ARGV  1 number after which ('': from now on)   2 how many at most
// Answers {newest number, 1 where lines after that number may be gone, {id, number, ...}}
export const READ_CHANGED = `
local newest = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or '0'
if ARGV[1] == '' then return {newest, 0, {}} end
local after = tonumber(ARGV[1])
if after > tonumber(newest) then return {newest, 1, {}} end
local oldest = tonumber(redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or '0')
if after < oldest and redis.call('ZCARD', KEYS[1]) >= ${CHANGED_JOBS_KEPT} then return {newest, 1, {}} end
return {newest, 0, redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])}
`
