// The only writer of locks and of their names: lock, record, lists, version and idempotency key change together or not at all.
//
// KEYS  1 environment  2 list  3 ids  4 name (none: any key)  5 names of the environment  6 idempotency  7 bytes of each owner
// ARGV  1 id  2 packed lock  3 record  4 time in ms  5 name ('': none)  6 by  7 operator ('1')  8 version as JSON
//       9 idempotency value ('': none)  10 its life in ms  11 the most versions  12 owner of the lock  13 the most bytes of an owner
// Answers {'known', value} | {'taken', owner} | {'full'} | {'much', bytes} | {'kept', created (0, 1), version (0: none)}
export const KEEP_ENVIRONMENT = `
if ARGV[9] ~= '' then
  local known = redis.call('GET', KEYS[6])
  if known then return {'known', known} end
end
local version = 0
local add = false
if ARGV[5] ~= '' then
  local owner = redis.call('HGET', KEYS[4], 'owner')
  version = tonumber(redis.call('HGET', KEYS[4], 'newest') or '0')
  local newest = version > 0 and cjson.decode(redis.call('HGET', KEYS[4], tostring(version)))
  if not newest or newest.lock ~= ARGV[1] then
    if owner and owner ~= ARGV[6] and ARGV[7] ~= '1' then return {'taken', owner} end
    if version >= tonumber(ARGV[11]) then return {'full'} end
    version = version + 1
    add = true
  end
end
local created = 1 - redis.call('HEXISTS', KEYS[1], 'record')
local used = {}
local function pays(owner, bytes)
  used[owner] = (used[owner] or tonumber(redis.call('HGET', KEYS[7], owner) or '0')) + bytes
  return used[owner] <= tonumber(ARGV[13])
end
if created == 1 and not pays(ARGV[12], #ARGV[2] + #ARGV[3]) then return {'much', used[ARGV[12]]} end
if add and not pays(ARGV[6], #ARGV[8] + 2 * #ARGV[5]) then return {'much', used[ARGV[6]]} end
for owner, bytes in pairs(used) do redis.call('HSET', KEYS[7], owner, bytes) end
if created == 1 then
  redis.call('HSET', KEYS[1], 'record', ARGV[3], 'lock', ARGV[2])
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
  redis.call('ZADD', KEYS[3], 0, ARGV[1])
end
if add then
  redis.call('HSETNX', KEYS[4], 'owner', ARGV[6])
  redis.call('HSET', KEYS[4], 'newest', tostring(version), tostring(version), ARGV[8])
  redis.call('RPUSH', KEYS[5], ARGV[5] .. '@' .. version)
end
if ARGV[9] ~= '' then redis.call('SET', KEYS[6], ARGV[9], 'PX', ARGV[10]) end
return {'kept', created, version}
`
