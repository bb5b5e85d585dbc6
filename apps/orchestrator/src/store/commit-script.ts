// The only writer of job records: record, lists, due time, events and idempotency key change together or not at all.
//
// KEYS  1 job  2 events  3 lease  4 due  5 idempotency  6 secret
// ARGV  1 revision the caller read (0: create)   2 record (JSON)   3 lease value that must hold ('' : none needed)
//       4 due time in ms ('' : not due)          5 job id          6 creation time in ms (score of the lists)
//       7 lists to add (JSON)                    8 lists to remove (JSON)
//       9 events (JSON array of strings)        10 events to keep
//      11 idempotency value ('' : none)         12 its life in ms  13 secret ('' : none)  14 channel
//      15 the idempotency key's hashes to keep with the job ('' : none)
//      16 what the job was judged by, gzip in base64: beside the record, which is read far more often ('' : none)
//      17 line of a list (job-line.ts)          18 owner           19 list of changed jobs (changed-script.ts)
//      20 what webhooks are to be told (told-events.ts; '' : nothing)   21 list of all webhooks   22 outbox of webhooks
//      23 shape and revision of the record (record.ts)
//      24 the list of its owner's jobs of its name   25 how many jobs stand in theirs (name-index.ts)
// Answers {'ok', seq} | {'stale', revision} | {'lease'} | {'known', idempotency value}
import { TELL_CHANGED } from './changed-script.ts'
import { LINE_FIELD } from './job-line.ts'
import { OUTBOX_KEPT } from './told-events.ts'

export const COMMIT = `${TELL_CHANGED}
if ARGV[3] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[3] then return {'lease'} end
if ARGV[11] ~= '' then
  local known = redis.call('GET', KEYS[5])
  if known then return {'known', known} end
end
local revision = redis.call('HGET', KEYS[1], 'revision') or '0'
if revision ~= ARGV[1] then return {'stale', revision} end
redis.call('HSET', KEYS[1], 'revision', tostring(tonumber(ARGV[1]) + 1), 'record', ARGV[2],
  '${LINE_FIELD}', ARGV[17], 'owner', ARGV[18], 'shape', ARGV[23] or '')
for _, list in ipairs(cjson.decode(ARGV[8])) do redis.call('ZREM', list, ARGV[5]) end
for _, list in ipairs(cjson.decode(ARGV[7])) do
  if redis.call('ZADD', list, ARGV[6], ARGV[5]) == 1 and list == ARGV[24] then redis.call('INCR', ARGV[25]) end
end
if ARGV[4] == '' then redis.call('ZREM', KEYS[4], ARGV[5]) else redis.call('ZADD', KEYS[4], ARGV[4], ARGV[5]) end
local seq = tonumber(redis.call('HGET', KEYS[1], 'seq') or '0')
for _, event in ipairs(cjson.decode(ARGV[9])) do
  seq = seq + 1
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[10], seq .. '-0', 'event', event)
end
redis.call('HSET', KEYS[1], 'seq', tostring(seq))
if ARGV[11] ~= '' then redis.call('SET', KEYS[5], ARGV[11], 'PX', ARGV[12]) end
if ARGV[13] ~= '' then redis.call('SET', KEYS[6], ARGV[13]) end
if (ARGV[15] or '') ~= '' then redis.call('HSET', KEYS[1], 'idempotency', ARGV[15]) end
if (ARGV[16] or '') ~= '' then redis.call('HSET', KEYS[1], 'compatibility', ARGV[16]) end
tell_changed(ARGV[19], ARGV[18], ARGV[5])
if (ARGV[20] or '') ~= '' and redis.call('EXISTS', ARGV[21]) == 1 then
  redis.call('XADD', ARGV[22], 'MAXLEN', '~', '${OUTBOX_KEPT}', '*', 'told', ARGV[20])
end
redis.call('PUBLISH', ARGV[14], ARGV[5])
return {'ok', seq}
`
