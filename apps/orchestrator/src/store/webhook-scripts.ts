// What changes webhooks and their deliveries, each in one step of Redis. Of a webhook ID there are, behind `trotline:webhook`:
//
//   :ID           hash    record, number of the newest delivery, window of the digest, failing, rest, parked, lastDeliveredAt, the newest
//                         test and when it is due
//   -key:ID       string  the secret
//   -waiting:ID   zset    deliveries by when each is tried next     -parked:ID, -done:ID   zsets by their numbers
//   -delivery:ID:MSG      hash  head, body (until it is done with), number, status, tries, rung of the ladder, the newest tries
//   -collected:ID, -collected-first:ID   what becomes one message: counts by type, and the first few
//   -due          zset    webhooks by when there is something to do for them
//   -outbox       stream  what happened to jobs (commit-script.ts) and has not been looked at
//
// Whoever sends holds a lease, and every write of theirs names it.

/** Of the first few that a digest names. */
export const FIRST_COLLECTED = 10
/** Of those that are done with. */
export const DONE_KEPT = 100
/** How soon a digest is looked at again for which there was no room, or that was given out and not made. */
const LOOK_AGAIN_MS = 60_000
/** Between the tests of one webhook: whoever asks for more of them gets no more. */
const TEST_EVERY_MS = 10_000

const SHARED = `
-- When the newest test is due; nil: it does not wait.
local function test_at(base, id)
  local test = redis.call('HGET', base .. ':' .. id, 'test')
  local at = test and redis.call('ZSCORE', base .. '-waiting:' .. id, test)
  return at and tonumber(at), test
end
local function touch(base, id)
  local waiting = redis.call('ZRANGE', base .. '-waiting:' .. id, 0, 0, 'WITHSCORES')[2]
  local collected = redis.call('HGET', base .. '-collected:' .. id, 'due')
  local at = tonumber(waiting or collected)
  if waiting and collected then at = math.min(tonumber(waiting), tonumber(collected)) end
  if not at then return redis.call('ZREM', base .. '-due', id) end
  local rest = tonumber(redis.call('HGET', base .. ':' .. id, 'rest') or '0')
  -- A test is not kept by the rest of a receiver that is down: it asks whether it still is.
  local test = test_at(base, id)
  at = math.min(math.max(at, rest), test or math.huge)
  redis.call('ZADD', base .. '-due', string.format('%.0f', at), id)
end
local function put(base, id, now, message, head, body)
  local number = redis.call('HINCRBY', base .. ':' .. id, 'number', 1)
  redis.call('HSET', base .. '-delivery:' .. id .. ':' .. message, 'head', head, 'body', body, 'number', number,
    'status', 'waiting', 'tries', 0, 'rung', 0, 'log', '[]')
  redis.call('ZADD', base .. '-waiting:' .. id, now, message)
end
-- Of the bodies on a shelf. Counted anew each time, for no count that is kept can then be wrong: 100 of them are 0.2 ms.
local function bytes_on(base, id, shelf)
  local sum = 0
  for _, message in ipairs(redis.call('ZRANGE', base .. shelf .. ':' .. id, 0, -1)) do
    sum = sum + redis.call('HSTRLEN', base .. '-delivery:' .. id .. ':' .. message, 'body')
  end
  return sum
end
-- A receiver that is down fills no store: what comes on top of so many messages, or so many bytes, is counted.
local function is_full(base, id, most, most_bytes)
  local open = redis.call('ZCARD', base .. '-waiting:' .. id) + redis.call('ZCARD', base .. '-parked:' .. id)
  return open >= tonumber(most)
    or bytes_on(base, id, '-waiting') + bytes_on(base, id, '-parked') >= tonumber(most_bytes)
end
local function shelve(base, id, message, status, shelf)
  local delivery = base .. '-delivery:' .. id .. ':' .. message
  redis.call('ZREM', base .. '-waiting:' .. id, message)
  redis.call('HDEL', delivery, 'claimed')
  redis.call('HSET', delivery, 'status', status)
  redis.call('ZADD', base .. shelf .. ':' .. id, redis.call('HGET', delivery, 'number'), message)
end
`

// KEYS  1 webhook  2 of its owner  3 all  4 secret  5 idempotency  6 of everyone
// ARGV  1 id  2 record  3 secret  4 creation time in ms  5 most per owner  6 idempotency value ('': none)  7 its life in ms  8 '1': of everyone
// Answers {'ok'} | {'full'} | {'known', idempotency value}
export const CREATE = `
if ARGV[6] ~= '' then
  local known = redis.call('GET', KEYS[5])
  if known then return {'known', known} end
end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then return {'full'} end
redis.call('HSET', KEYS[1], 'record', ARGV[2])
redis.call('SET', KEYS[4], ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
if ARGV[8] == '1' then redis.call('ZADD', KEYS[6], ARGV[4], ARGV[1]) end
if ARGV[6] ~= '' then redis.call('SET', KEYS[5], ARGV[6], 'PX', ARGV[7]) end
return {'ok'}
`

// KEYS  1 of its owner  2 of everyone  3 all   ARGV  1 base  2 id
export const REMOVE = `
local base, id = ARGV[1], ARGV[2]
for _, shelf in ipairs({'-waiting', '-parked', '-done'}) do
  local list = base .. shelf .. ':' .. id
  for _, message in ipairs(redis.call('ZRANGE', list, 0, -1)) do
    redis.call('DEL', base .. '-delivery:' .. id .. ':' .. message)
  end
  redis.call('DEL', list)
end
redis.call('DEL', base .. '-key:' .. id, base .. '-collected:' .. id, base .. '-collected-first:' .. id)
for _, list in ipairs(KEYS) do redis.call('ZREM', list, id) end
redis.call('ZREM', base .. '-due', id)
return redis.call('DEL', base .. ':' .. id)
`

// A test asked for while one waits is that one; one asked for soon after another waits for its turn.
// ARGV  1 base  2 id  3 now  4 message  5 head  6 body      Answers the message that waits, '' where there is no such webhook
export const PUT_TEST = `${SHARED}
local base, id = ARGV[1], ARGV[2]
local webhook = base .. ':' .. id
if redis.call('EXISTS', webhook) == 0 then return '' end
local waits, last = test_at(base, id)
if waits then return last end
local now, at = tonumber(ARGV[3]), tonumber(redis.call('HGET', webhook, 'testAt') or '0') + ${TEST_EVERY_MS}
-- Also where the clock was set back.
if at < now or at > now + ${TEST_EVERY_MS} then at = now end
at = string.format('%.0f', at)
put(base, id, at, ARGV[4], ARGV[5], ARGV[6])
redis.call('HSET', webhook, 'test', ARGV[4], 'testAt', at)
touch(base, id)
return ARGV[4]
`

// ARGV  1 base  2 id  3 now
export const RESUME = `${SHARED}
local base, id, now = ARGV[1], ARGV[2], ARGV[3]
local webhook = base .. ':' .. id
if redis.call('EXISTS', webhook) == 0 then return 0 end
redis.call('HDEL', webhook, 'parked', 'failing', 'rest')
for _, shelf in ipairs({'-waiting', '-parked'}) do
  local messages = redis.call('ZRANGE', base .. shelf .. ':' .. id, 0, -1)
  for i, message in ipairs(messages) do
    local delivery = base .. '-delivery:' .. id .. ':' .. message
    local claimed = tonumber(redis.call('HGET', delivery, 'claimed') or '0')
    redis.call('HSET', delivery, 'status', 'waiting', 'rung', 0)
    -- One that is just being sent is left to whoever sends it.
    if claimed < tonumber(now) then
      -- In the order in which they were made.
      redis.call('ZADD', base .. '-waiting:' .. id, string.format('%.0f', tonumber(now) - #messages + i), message)
    end
  end
end
redis.call('DEL', base .. '-parked:' .. id)
local collected = base .. '-collected:' .. id
if redis.call('EXISTS', collected) == 1 then redis.call('HSET', collected, 'due', now) end
touch(base, id)
return 1
`

// KEYS  1 lease
// ARGV  1 lease value  2 base  3 entry of the outbox  4 now  5 most open  6 most bytes open  7 window in ms  8 most in a window
//       9 for each webhook that is to be told [id, message, head, body, type, line of a digest] (JSON)
// Answers 'ok' | 'gone': somebody took the entry | 'lease'
export const TAKE = `${SHARED}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lease' end
local base, entry, now = ARGV[2], ARGV[3], tonumber(ARGV[4])
local outbox = base .. '-outbox'
if #redis.call('XRANGE', outbox, entry, entry) == 0 then return 'gone' end
for _, told in ipairs(cjson.decode(ARGV[9])) do
  local id, webhook, collected = told[1], base .. ':' .. told[1], base .. '-collected:' .. told[1]
  if redis.call('EXISTS', webhook) == 1 then
    local from = tonumber(redis.call('HGET', webhook, 'windowFrom') or '0')
    local count = tonumber(redis.call('HGET', webhook, 'windowCount') or '0')
    -- Also where the clock was set back.
    if now >= from + tonumber(ARGV[7]) or now < from then from, count = now, 0 end
    local parked = redis.call('HEXISTS', webhook, 'parked') == 1
    if parked or count >= tonumber(ARGV[8]) or redis.call('EXISTS', collected) == 1
      or is_full(base, id, ARGV[5], ARGV[6]) then
      redis.call('HINCRBY', collected, 'type:' .. told[5], 1)
      redis.call('HINCRBY', collected, 'total', 1)
      redis.call('HSETNX', collected, 'from', ARGV[4])
      redis.call('HSET', collected, 'until', ARGV[4])
      local due = tonumber(redis.call('HGET', collected, 'due') or '')
      -- Past a whole window from now it was a clock that was ahead.
      if not parked and (not due or due > now + tonumber(ARGV[7])) then
        redis.call('HSET', collected, 'due', string.format('%.0f', from + tonumber(ARGV[7])))
      end
      if redis.call('LLEN', base .. '-collected-first:' .. id) < ${FIRST_COLLECTED} then
        redis.call('RPUSH', base .. '-collected-first:' .. id, told[6])
      end
    else
      put(base, id, ARGV[4], told[2], told[3], told[4])
      count = count + 1
    end
    redis.call('HSET', webhook, 'windowFrom', string.format('%.0f', from), 'windowCount', count)
    touch(base, id)
  end
end
redis.call('XDEL', outbox, entry)
return 'ok'
`

// What is next for a webhook. A delivery that is given out comes again only after a while, should its sender be gone by then.
// KEYS  1 lease
// ARGV  1 lease value  2 base  3 id  4 now  5 when a claim ends  6 most open  7 most bytes open
// Answers {'lease'} | {'none'} | {'digest', webhook, collected, first few} | {'send', message, webhook, delivery, secret}
export const CLAIM = `${SHARED}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'lease'} end
local base, id, now = ARGV[2], ARGV[3], tonumber(ARGV[4])
local webhook, collected = base .. ':' .. id, base .. '-collected:' .. id
if redis.call('EXISTS', webhook) == 0 then
  redis.call('ZREM', base .. '-due', id)
  return {'none'}
end
local message = redis.call('ZRANGEBYSCORE', base .. '-waiting:' .. id, '-inf', ARGV[4], 'LIMIT', 0, 1)[1]
local at, test = test_at(base, id)
if at and at <= now then message = test end
if not message then
  -- What came before it goes first.
  local due = tonumber(redis.call('HGET', collected, 'due') or '')
  if due and due <= now then
    if not is_full(base, id, ARGV[6], ARGV[7]) then
      -- Should its sender be gone by then, or not know how to make it.
      redis.call('HSET', collected, 'due', string.format('%.0f', now + ${LOOK_AGAIN_MS}))
      touch(base, id)
      local first = redis.call('LRANGE', base .. '-collected-first:' .. id, 0, -1)
      return {'digest', redis.call('HGETALL', webhook), redis.call('HGETALL', collected), first}
    end
    redis.call('HSET', collected, 'due', string.format('%.0f', now + ${LOOK_AGAIN_MS}))
  end
  touch(base, id)
  return {'none'}
end
local delivery = base .. '-delivery:' .. id .. ':' .. message
redis.call('HINCRBY', delivery, 'tries', 1)
redis.call('HSET', delivery, 'claimed', ARGV[5])
redis.call('ZADD', base .. '-waiting:' .. id, ARGV[5], message)
touch(base, id)
return {'send', message, redis.call('HGETALL', webhook), redis.call('HGETALL', delivery), redis.call('GET', base .. '-key:' .. id)}
`

// KEYS  1 lease
// ARGV  1 lease value  2 base  3 id  4 how many the message was made of  5 now  6 message  7 head  8 body
// Answers 'ok' | 'changed': more have come, make it anew | 'lease'
export const FLUSH = `${SHARED}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lease' end
local base, id = ARGV[2], ARGV[3]
local webhook, collected = base .. ':' .. id, base .. '-collected:' .. id
if redis.call('HGET', collected, 'total') ~= ARGV[4] then
  if redis.call('HEXISTS', collected, 'due') == 1 then redis.call('HSET', collected, 'due', ARGV[5]) end
  touch(base, id)
  return 'changed'
end
put(base, id, ARGV[5], ARGV[6], ARGV[7], ARGV[8])
redis.call('DEL', collected, base .. '-collected-first:' .. id)
redis.call('HSET', webhook, 'windowFrom', ARGV[5], 'windowCount', 1)
touch(base, id)
return 'ok'
`

// KEYS  1 lease
// ARGV  1 lease value  2 base  3 id  4 message  5 'delivered' | 'waiting' | 'parked' | 'failed'  6 the newest tries (JSON)
//       7 when it is tried next (ms; '': not)  8 failing (JSON; '': it is not)  9 until when the webhook rests (ms; '': it does not)
//      10 now, as RFC 3339 has it  11 park the webhook (JSON; '': no)  12 the same where so many are parked: 13, or so many
//      bytes: 14
// Answers 'ok' | 'gone': the webhook was removed | 'lease'
export const SETTLE = `${SHARED}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lease' end
local base, id, message, status = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local webhook, delivery = base .. ':' .. id, base .. '-delivery:' .. id .. ':' .. message
if redis.call('EXISTS', webhook) == 0 or redis.call('EXISTS', delivery) == 0 then return 'gone' end
redis.call('HSET', delivery, 'log', ARGV[6])
redis.call('HDEL', delivery, 'claimed')
if ARGV[8] == '' then redis.call('HDEL', webhook, 'failing') else redis.call('HSET', webhook, 'failing', ARGV[8]) end
if ARGV[9] == '' then redis.call('HDEL', webhook, 'rest') else redis.call('HSET', webhook, 'rest', ARGV[9]) end
if status == 'waiting' then
  redis.call('HINCRBY', delivery, 'rung', 1)
  redis.call('ZADD', base .. '-waiting:' .. id, ARGV[7], message)
elseif status == 'parked' then
  shelve(base, id, message, 'parked', '-parked')
else
  shelve(base, id, message, status, '-done')
  redis.call('HDEL', delivery, 'body')
  if status == 'delivered' then redis.call('HSET', webhook, 'lastDeliveredAt', ARGV[10]) end
  local done = base .. '-done:' .. id
  for _, old in ipairs(redis.call('ZRANGE', done, 0, -${DONE_KEPT + 1})) do
    redis.call('ZREM', done, old)
    redis.call('DEL', base .. '-delivery:' .. id .. ':' .. old)
  end
end
local park = ARGV[11]
if park == '' and ARGV[12] ~= '' and (redis.call('ZCARD', base .. '-parked:' .. id) >= tonumber(ARGV[13])
  or bytes_on(base, id, '-parked') >= tonumber(ARGV[14])) then park = ARGV[12] end
if park ~= '' then
  redis.call('HSETNX', webhook, 'parked', park)
  for _, other in ipairs(redis.call('ZRANGE', base .. '-waiting:' .. id, 0, -1)) do
    shelve(base, id, other, 'parked', '-parked')
  end
  redis.call('HDEL', base .. '-collected:' .. id, 'due')
end
touch(base, id)
return 'ok'
`
