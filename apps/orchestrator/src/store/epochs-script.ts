// The two changes of a job's epochs that must be whole: reports coming in, and the sealing at the end.
//
// PUT_EPOCHS stores epochs of one run: idempotent, in any order, a later run superseding an earlier one.
//
// A run that reaches epoch e has trained from its first epoch on: whatever an older run reported at or after that
// first epoch is superseded and taken away, and an older run's late report of such an epoch is dropped.
//
// KEYS  1 job  2 epochs (hash: epoch -> "<rank> <json>")  3 events  4 final epochs
// ARGV  1 rank of the run (submission * 10^7 + restart)   2 time (RFC 3339)   3 events to keep   4 channel   5 job id
//       6 list of changed jobs (changed-script.ts), then pairs: epoch number, epoch (JSON)
// Answers {stored, superseded}
import { TELL_CHANGED } from './changed-script.ts'

export const PUT_EPOCHS = `${TELL_CHANGED}
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('EXISTS', KEYS[4]) == 1 then return {0, 0} end
local rank = tonumber(ARGV[1])
local newest = tonumber(redis.call('HGET', KEYS[1], 'rank') or '0')
local first = tonumber(redis.call('HGET', KEYS[1], 'first:' .. ARGV[1]) or '-1')
-- The lowest first epoch of any later run: from there on this run is superseded already.
local limit = nil
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  local other = tonumber(string.match(field, '^first:(%d+)$') or '0')
  if other > rank then
    local from = tonumber(redis.call('HGET', KEYS[1], field))
    if limit == nil or from < limit then limit = from end
  end
end
local lowest = nil
for i = 7, #ARGV, 2 do
  local epoch = tonumber(ARGV[i])
  if lowest == nil or epoch < lowest then lowest = epoch end
end
if lowest == nil then return {0, 0} end
local superseded = 0
if rank > newest then
  redis.call('HSET', KEYS[1], 'rank', ARGV[1])
  newest = rank
end
if first < 0 or lowest < first then
  redis.call('HSET', KEYS[1], 'first:' .. ARGV[1], tostring(lowest))
  local entries = redis.call('HGETALL', KEYS[2])
  for i = 1, #entries, 2 do
    if tonumber(entries[i]) >= lowest and tonumber(string.match(entries[i + 1], '^%d+')) < rank then
      redis.call('HDEL', KEYS[2], entries[i])
      superseded = superseded + 1
    end
  end
end
local stored, low, lastEpoch, lastJson = 0, nil, -1, nil
for i = 7, #ARGV, 2 do
  local epoch = tonumber(ARGV[i])
  if limit == nil or epoch < limit then
    if redis.call('HSETNX', KEYS[2], ARGV[i], ARGV[1] .. ' ' .. ARGV[i + 1]) == 1 then
      stored = stored + 1
      if low == nil or epoch < low then low = epoch end
      if epoch > lastEpoch then lastEpoch = epoch lastJson = ARGV[i + 1] end
    end
  end
end
if superseded > 0 then redis.call('HINCRBY', KEYS[1], 'superseded', superseded) end
if stored > 0 then
  local shown = tonumber(redis.call('HGET', KEYS[1], 'last:' .. ARGV[1]) or '-1')
  if rank >= newest and lastEpoch > shown then
    redis.call('HSET', KEYS[1], 'last', lastJson, 'last:' .. ARGV[1], tostring(lastEpoch))
  end
  local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
  local event = '{"type":"epochs","at":"' .. ARGV[2] .. '","first":' .. low .. ',"last":' .. lastJson ..
    ',"count":' .. stored .. ',"total":' .. redis.call('HLEN', KEYS[2]) .. '}'
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], seq .. '-0', 'event', event)
end
if stored > 0 or superseded > 0 then
  tell_changed(ARGV[6], redis.call('HGET', KEYS[1], 'owner'), ARGV[5])
  redis.call('PUBLISH', ARGV[4], ARGV[5])
end
return {stored, superseded}
`

// SEAL_EPOCHS puts the chunks that were made of the epochs in their place, where these are as they were read: an epoch that
// came in between would be lost. A put adds epochs, or takes some away and counts them as superseded: both numbers tell.
//
// KEYS  1 job  2 epochs  3 final epochs
// ARGV  1 epochs read   2 superseded before they were read, then pairs: chunk number, chunk
// Answers 1, or 0 where they are to be read again.
export const SEAL_EPOCHS = `
if redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[1]) then return 0 end
if tonumber(redis.call('HGET', KEYS[1], 'superseded') or '0') ~= tonumber(ARGV[2]) then return 0 end
if tonumber(ARGV[1]) == 0 and redis.call('EXISTS', KEYS[3]) == 1 then return 1 end
-- "-" marks a sealed job that has no epochs, so that late reports are refused there too.
redis.call('HSET', KEYS[3], '-', '')
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'sealed', ARGV[1])
return 1
`
