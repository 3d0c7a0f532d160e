"""The Lua that Redis runs: everything a request needs to know in one round trip.

Times are Redis's own (``TIME``), so that isolates with different clocks share one order of
events. Scripts are called by SHA-1 and sent whole only after ``NOSCRIPT``.
"""

import hashlib
from dataclasses import dataclass

from gateway.redis.index_scripts import INSERT, NEAREST
from shared.purge_cutoffs import ADVANCE, CUTOFF
from shared.semantic_verdict import GIVE_VERDICT


@dataclass(frozen=True, slots=True)
class Script:
    """Lua source and the hash under which Redis keeps it."""

    source: str
    sha1: str


def _script(source: str) -> Script:
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


# A sliding log in O(1) amortised: admitted requests of the last minute, oldest first. No window
# of 60 s ever holds more than the limit, because the log is exact.
_SHARED = (
    """
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
local function tokens_used(key, now)
  local oldest = redis.call('LINDEX', key, 0)
  while oldest do
    local at, tokens = string.match(oldest, '^(%d+):(-?%d+)$')
    if tonumber(at) > now - 60000 then
      return tonumber(redis.call('GET', key .. ':sum') or '0'), tonumber(at)
    end
    redis.call('LPOP', key)
    redis.call('DECRBY', key .. ':sum', tokens)
    oldest = redis.call('LINDEX', key, 0)
  end
  return 0, now
end
local function tokens_full(key, limit, estimate, now)
  if tonumber(limit) < 0 then return false, 0, now end
  local used, since = tokens_used(key, now)
  return used + tonumber(estimate) > tonumber(limit), used, since
end
local function reserve(key, limit, tokens, now)
  if tonumber(limit) < 0 or tonumber(tokens) == 0 then return end
  redis.call('RPUSH', key, now .. ':' .. tokens)
  redis.call('INCRBY', key .. ':sum', tokens)
  redis.call('PEXPIRE', key, 61000)
  redis.call('PEXPIRE', key .. ':sum', 61000)
end
local function over_budget(key, budget)
  if tonumber(budget) < 0 then return false end
  return tonumber(redis.call('GET', key) or '0') >= tonumber(budget)
end
local function open_streams(key, now)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  return redis.call('ZCARD', key)
end
local function hold(key, slot, now, lease)
  redis.call('ZADD', key, now + lease, slot)
  local longest = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  redis.call('PEXPIRE', key, string.format('%.0f', longest[2] - now))
end
"""
    + CUTOFF
    + """
local function dead_until(key, model, namespace, max_age, now)
  local cut = cutoff(key, model, namespace)
  if max_age >= 0 and now - max_age > cut then cut = now - max_age - 1 end
  return cut
end
local function fresh(value, cut)
  local created = value and string.match(value, '^(%d+):')
  return created and tonumber(created) > cut
end
"""
)

ADMIT = _script(
    _SHARED
    + NEAREST
    + """
-- KEYS: 1 revision, 2 plan log, 3 key log, 4 quota, 5 cutoffs, 6 lock, 7 plan tokens,
--       8 key tokens, 9 project spend, 10 key spend, 11 open streams, 12 stats, then entries
-- ARGV: 1 record revision, 2 plan rpm, 3 key rpm, 4 monthly quota (limits: -1 for none),
--       5 serve past quota, 6 model field, 7 namespace field,
--       8 oldest acceptable age in ms (-1: any), 9 lock token (empty: none), 10 lease ms,
--       11 plan tpm, 12 key tpm, 13 project budget, 14 key budget, 15 estimated tokens,
--       16 never goes to the provider, 17 stream slot (empty: no stream), 18 concurrent streams,
--       19 slot lease ms, 20 semantic prefix (empty: off), 21 code, 22 probes, 23 most distance,
--       24 candidates, 25 evidence key
-- Answer: 1 verdict, 2 now, 3 plan used, 4 plan oldest, 5 key used, 6 key oldest, 7 quota used,
--         8 lease left, 9 tokens used, 10 tokens oldest, 11 candidates, 12 evidence, then entries
local now = now_ms()
local known = redis.call('GET', KEYS[1])
if known and tonumber(known) > tonumber(ARGV[1]) then return {'STALE'} end

local plan_limit, key_limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local quota_limit = tonumber(ARGV[4])
local plan_used, plan_oldest, key_used, key_oldest = 0, now, 0, now
if plan_limit >= 0 then plan_used, plan_oldest = trim(KEYS[2], now) end
if key_limit >= 0 then key_used, key_oldest = trim(KEYS[3], now) end
if (plan_limit >= 0 and plan_used >= plan_limit) or (key_limit >= 0 and key_used >= key_limit) then
  return {'RATE', now, plan_used, plan_oldest, key_used, key_oldest, -1, 0, 0, now}
end

local verdict = 'OK'
local quota_used = tonumber(redis.call('GET', KEYS[4]) or '0')
if quota_limit >= 0 and quota_used >= quota_limit then
  if ARGV[5] ~= '1' then
    return {'QUOTA', now, plan_used, plan_oldest, key_used, key_oldest, quota_used, 0, 0, now}
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

local answer = {verdict, now, plan_used, plan_oldest, key_used, key_oldest, quota_used, 0, 0, now,
  false, false}
local missing = #KEYS < 13
if not missing then
  local cut = dead_until(KEYS[5], ARGV[6], ARGV[7], tonumber(ARGV[8]), now)
  for i = 13, #KEYS do
    local value = redis.call('GET', KEYS[i])
    if fresh(value, cut) then
      answer[#answer + 1] = value
    else
      answer[#answer + 1] = false
      missing = true
    end
  end
  if redis.call('HINCRBY', KEYS[12], missing and 'misses' or 'hits', 1) == 1 then
    redis.call('EXPIRE', KEYS[12], 3456000)
  end
  if missing and ARGV[20] ~= '' then
    local limit, count = tonumber(ARGV[23]), tonumber(ARGV[24])
    answer[11] = nearest(ARGV[20], ARGV[21], ARGV[22], limit, count, cut)
    if #answer[11] > 0 then answer[12] = redis.call('HGETALL', ARGV[25]) end
  end
end
if not missing or ARGV[16] == '1' then return answer end

-- The request goes to the provider: its tokens and its money count, a hit's never do. What is
-- refused here does not count against the month.
local function refuse(reason)
  answer[1], answer[7] = reason, redis.call('DECR', KEYS[4])
  return answer
end
if verdict ~= 'OK' then return refuse(verdict) end
if over_budget(KEYS[9], ARGV[13]) or over_budget(KEYS[10], ARGV[14]) then
  return refuse('BUDGET')
end
local plan_full, plan_tokens, plan_since = tokens_full(KEYS[7], ARGV[11], ARGV[15], now)
local key_full, key_tokens, key_since = tokens_full(KEYS[8], ARGV[12], ARGV[15], now)
answer[9], answer[10] = plan_tokens, plan_since
if key_tokens > plan_tokens then answer[9], answer[10] = key_tokens, key_since end
if plan_full or key_full then return refuse('TOKENS') end
-- Who waits for another's answer opens nothing at the provider.
local follows = ARGV[9] ~= '' and redis.call('EXISTS', KEYS[6]) == 1
if ARGV[17] ~= '' and not follows then
  if open_streams(KEYS[11], now) >= tonumber(ARGV[18]) then return refuse('STREAMS') end
  hold(KEYS[11], ARGV[17], now, tonumber(ARGV[19]))
end
reserve(KEYS[7], ARGV[11], ARGV[15], now)
reserve(KEYS[8], ARGV[12], ARGV[15], now)
if ARGV[9] ~= '' then
  if not redis.call('SET', KEYS[6], ARGV[9], 'NX', 'PX', ARGV[10]) then
    answer[8] = redis.call('PTTL', KEYS[6])
  end
end
return answer
"""
)
"""Rate limits, quota, budgets, lookup and leadership. ``lease left`` > 0: somebody else leads."""

LOOK_UP = _script(
    _SHARED
    + """
-- KEYS: cutoffs, entry…   ARGV: 1 model field, 2 namespace field, 3 oldest acceptable age in ms
local now = now_ms()
local cut = dead_until(KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), now)
local answer = {}
for i = 2, #KEYS do
  local value = redis.call('GET', KEYS[i])
  answer[i - 1] = fresh(value, cut) and value or false
end
return answer
"""
)
"""More entries of a batch that is larger than one round trip should carry."""

LOOK_UP_PAIR = _script(
    _SHARED
    + """
-- KEYS: 1 cutoffs, 2 entry, 3 refused pair
-- ARGV: 1 model field, 2 namespace field, 3 oldest acceptable age in ms
-- Answer: entry or false, 1 when a person has judged that the pair does not share it
if redis.call('EXISTS', KEYS[3]) == 1 then return {false, 1} end
local now = now_ms()
local cut = dead_until(KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), now)
local value = redis.call('GET', KEYS[2])
return {fresh(value, cut) and value or false, 0}
"""
)
"""The entry of a prompt that means the same: the further round trip of a semantic hit."""

_STORE = """
-- KEYS: 1 lock, 2 plan tokens, 3 key tokens, 4 project spend, 5 key spend, 6 open streams,
--       then entries
-- ARGV: 1 lock token, 2 tombstone ms (0: none), 3 plan tpm, 4 key tpm, 5 tokens beyond the
--       reservation (may be negative), 6 cost in nano-USD, 7 stream slot (empty: none), then ttl ms
--       and value for each entry
local now = now_ms()
for i = 7, #KEYS do
  redis.call('SET', KEYS[i], ARGV[2 * i - 5], 'PX', ARGV[2 * i - 6])
end
if ARGV[7] ~= '' then redis.call('ZREM', KEYS[6], ARGV[7]) end
if ARGV[1] ~= '' and redis.call('GET', KEYS[1]) == ARGV[1] then
  if tonumber(ARGV[2]) > 0 then
    redis.call('SET', KEYS[1], 'released', 'PX', ARGV[2])
  else
    redis.call('DEL', KEYS[1])
  end
end
reserve(KEYS[2], ARGV[3], ARGV[5], now)
reserve(KEYS[3], ARGV[4], ARGV[5], now)
if tonumber(ARGV[6]) > 0 then
  for i = 4, 5 do
    redis.call('INCRBY', KEYS[i], ARGV[6])
    redis.call('EXPIRE', KEYS[i], 3456000)
  end
end
"""

STORE = _script(_SHARED + _STORE + "return #KEYS - 6")
"""Write entries, give leadership up (the tombstone tells followers to go on their own), charge."""

STORE_INDEXED = _script(
    _SHARED
    + NEAREST
    + INSERT
    + _STORE
    + """
-- After the entry's ttl (8) and value (9): 10 prefix, 11 code, 12 id, 13 record, 14 most entries
insert(ARGV[10], unhex(ARGV[11]), unhex(ARGV[12]), ARGV[8], ARGV[13], tonumber(ARGV[14]), now)
return 1
"""
)
"""The same for one entry that is also filed in the semantic index."""

HOLD = _script(
    _SHARED
    + """
-- KEYS: open streams   ARGV: 1 slot, 2 lease ms, 3 concurrent streams (0: only keep a slot)
local now = now_ms()
local open = open_streams(KEYS[1], now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and open >= tonumber(ARGV[3]) then return 0 end
hold(KEYS[1], ARGV[1], now, tonumber(ARGV[2]))
return 1
"""
)
"""Take a slot, or keep it for longer. Answer: 1, or 0 when there is none."""

PURGE = _script(ADVANCE)
"""Advance a cutoff: every entry created at or before it is dead from now on, everywhere."""

EVIDENCE = _script(
    """
-- KEYS: evidence   ARGV: 1 bin, 2 wrong (0 or 1)
redis.call('HINCRBY', KEYS[1], 'checked:' .. ARGV[1], 1)
return redis.call('HINCRBY', KEYS[1], 'wrong:' .. ARGV[1], ARGV[2])
"""
)
"""Count one checked pair of prompts."""

VERDICT = _script(GIVE_VERDICT)
"""A person's verdict on a semantic hit."""

STATS = _script(
    """
-- KEYS: stats…   Answer: hits and misses of each
local answer = {}
for i = 1, #KEYS do
  local counted = redis.call('HMGET', KEYS[i], 'hits', 'misses')
  answer[i] = {tonumber(counted[1] or '0'), tonumber(counted[2] or '0')}
end
return answer
"""
)
"""A project's counters of some days."""

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
