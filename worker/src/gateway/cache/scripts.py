"""The Lua that Redis runs: everything a request needs to know in one round trip.

Times are Redis's own (``TIME``), so that isolates with different clocks share one order of
events. Scripts are called by SHA-1 and sent whole only after ``NOSCRIPT``.
"""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Script:
    """Lua source and the hash under which Redis keeps it."""

    source: str
    sha1: str


def _script(source: str) -> Script:
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


# A sliding log in O(1) amortised: admitted requests of the last minute, oldest first. No window
# of 60 s ever holds more than the limit, because the log is exact.
_SHARED = """
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function trim(key, now)
  local oldest = redis.call('LINDEX', key, 0)
  while oldest and tonumber(oldest) <= now - 60000 do
    redis.call('LPOP', key)
    oldest = redis.call('LINDEX', key, 0)
  end
  return redis.call('LLEN', key), tonumber(oldest) or now
end
local function cutoff(key, model, namespace)
  local cut = 0
  for _, value in ipairs(redis.call('HMGET', key, 'all', model, namespace, model .. namespace)) do
    if value and tonumber(value) > cut then cut = tonumber(value) end
  end
  return cut
end
local function fresh(value, cut)
  return value and tonumber(string.match(value, '^(%d+):')) > cut
end
"""

ADMIT = _script(
    _SHARED
    + """
-- KEYS: revision, plan log, key log, quota, cutoffs, lock, entry…
-- ARGV: 1 record revision, 2 plan rpm, 3 key rpm, 4 monthly quota (-1: none), 5 serve past quota,
--       6 model field, 7 namespace field, 8 oldest acceptable age in ms (-1: any),
--       9 lock token (empty: none), 10 lease ms
-- Answer: verdict, now, plan used, plan oldest, key used, key oldest, quota used, lease left,
--         entries…
local now = now_ms()
local known = redis.call('GET', KEYS[1])
if known and tonumber(known) > tonumber(ARGV[1]) then return {'STALE'} end

local plan_limit, key_limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local quota_limit = tonumber(ARGV[4])
local plan_used, plan_oldest, key_used, key_oldest = 0, now, 0, now
if plan_limit >= 0 then plan_used, plan_oldest = trim(KEYS[2], now) end
if key_limit >= 0 then key_used, key_oldest = trim(KEYS[3], now) end
if (plan_limit >= 0 and plan_used >= plan_limit) or (key_limit >= 0 and key_used >= key_limit) then
  return {'RATE', now, plan_used, plan_oldest, key_used, key_oldest, -1, 0}
end

local verdict = 'OK'
local quota_used = tonumber(redis.call('GET', KEYS[4]) or '0')
if quota_limit >= 0 and quota_used >= quota_limit then
  if ARGV[5] ~= '1' then
    return {'QUOTA', now, plan_used, plan_oldest, key_used, key_oldest, quota_used, 0}
  end
  verdict = 'HITS_ONLY'
end
if plan_limit >= 0 then
  redis.call('RPUSH', KEYS[2], now)
  redis.call('PEXPIRE', KEYS[2], 61000)
  plan_used = plan_used + 1
end
if key_limit >= 0 then
  redis.call('RPUSH', KEYS[3], now)
  redis.call('PEXPIRE', KEYS[3], 61000)
  key_used = key_used + 1
end
quota_used = redis.call('INCR', KEYS[4])
if quota_used == 1 then redis.call('EXPIRE', KEYS[4], 3456000) end

local answer = {verdict, now, plan_used, plan_oldest, key_used, key_oldest, quota_used, 0}
if #KEYS < 7 then return answer end

local cut = cutoff(KEYS[5], ARGV[6], ARGV[7])
local max_age = tonumber(ARGV[8])
if max_age >= 0 and now - max_age > cut then cut = now - max_age - 1 end
local missing = false
for i = 7, #KEYS do
  local value = redis.call('GET', KEYS[i])
  if fresh(value, cut) then
    answer[#answer + 1] = value
  else
    answer[#answer + 1] = false
    missing = true
  end
end
if missing and ARGV[9] ~= '' and verdict == 'OK' then
  if not redis.call('SET', KEYS[6], ARGV[9], 'NX', 'PX', ARGV[10]) then
    answer[8] = redis.call('PTTL', KEYS[6])
  end
end
return answer
"""
)
"""Rate limits, quota, lookup and leadership. ``lease left`` > 0 means somebody else leads."""

LOOK_UP = _script(
    _SHARED
    + """
-- KEYS: cutoffs, entry…   ARGV: 1 model field, 2 namespace field, 3 oldest acceptable age in ms
local now = now_ms()
local cut = cutoff(KEYS[1], ARGV[1], ARGV[2])
local max_age = tonumber(ARGV[3])
if max_age >= 0 and now - max_age > cut then cut = now - max_age - 1 end
local answer = {}
for i = 2, #KEYS do
  local value = redis.call('GET', KEYS[i])
  answer[i - 1] = fresh(value, cut) and value or false
end
return answer
"""
)
"""More entries of a batch that is larger than one round trip should carry."""

STORE = _script(
    """
-- KEYS: lock, entry…
-- ARGV: 1 lock token, 2 tombstone ms (0: none), then ttl ms and value for each entry
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], ARGV[2 * i], 'PX', ARGV[2 * i - 1])
end
if ARGV[1] ~= '' and redis.call('GET', KEYS[1]) == ARGV[1] then
  if tonumber(ARGV[2]) > 0 then
    redis.call('SET', KEYS[1], 'released', 'PX', ARGV[2])
  else
    redis.call('DEL', KEYS[1])
  end
end
return #KEYS - 1
"""
)
"""Write entries and give leadership up; the tombstone tells followers to go on their own."""

FOLLOW = _script(
    _SHARED
    + """
-- KEYS: cutoffs, lock, entry   ARGV: 1 model field, 2 namespace field, 3 lock token, 4 lease ms
-- Answer: entry or false, state ('wait' | 'lead' | 'alone'), now
local now = now_ms()
local value = redis.call('GET', KEYS[3])
if fresh(value, cutoff(KEYS[1], ARGV[1], ARGV[2])) then return {value, 'wait', now} end
local holder = redis.call('GET', KEYS[2])
if holder == 'released' then return {false, 'alone', now} end
if holder then return {false, 'wait', now} end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return {false, 'lead', now}
"""
)
"""One look of a follower: the leader's entry, more waiting, its place, or on its own."""
