-- include: clock, window, label_account, tokens_used, reserve, streams, dead_until, nearest, batch
-- Admits a request: rate limits, the month's quota, budgets, the look-up in the cache and
-- leadership of a single flight, in one round trip.
--
-- KEYS
--   revision: the project's newest revision
--   plan_log: the requests of the last minute that the plan limits
--   key_log: the same of the API key
--   quota: the organization's requests of this month
--   cutoffs: the project's purges
--   lock: of the single flight
--   plan_tokens: the tokens of the last minute that the plan limits
--   key_tokens: the same of the API key
--   project_spend: what the project spent this month, nano-USD
--   key_spend: the same of the API key
--   label_accounts: of the limited label's values, in their period
--   streams: the project's open streams
--   label_log: the requests of the last minute of the value's account
--   other_log: the same of the account that values beyond the bound share
--   stats: today's hits and misses
--   entries...: the cache entries that are looked for
-- ARGV (limits: -1 for none)
--   record_revision: int = revision of the record from which the limits below are
--   plan_rpm: int
--   key_rpm: int
--   monthly_requests: int
--   hits_past_quota: bool = past the quota, cached answers are still served
--   model_field: str
--   namespace_field: str
--   max_age_ms: int = the oldest acceptable entry; -1 for any
--   lock_token: str = who leads; empty when this request does not compete for the lock
--   lease_ms: int
--   plan_tpm: int
--   key_tpm: int
--   project_budget: int = nano-USD
--   key_budget: int = nano-USD
--   label_account: str = of the request's value; empty: no label is limited
--   label_most: int = accounts of the period; -1 where the value has its own in any case
--   label_ttl: int = seconds that the accounts are kept
--   label_rpm: int
--   label_budget: int = nano-USD
--   estimated_tokens: int = reserved until the answer tells the real ones
--   no_upstream: bool = never goes to the provider
--   slot: str = among the open streams; empty when nothing is streamed
--   concurrent_streams: int
--   slot_ms: int = how long the slot is held
--   semantic_prefix: str = of the index partition; empty when meaning is not compared
--   code: str
--   probes: str
--   most_distance: int
--   candidates: int = how many at most
--   evidence: str = key of the namespace's evidence
--   project_evidence: str = key of that of all the project's namespaces
--   prompt_state: str = key of what is known of prompt prefixes; empty: nothing is read
--   prompt_fields...: str
-- RETURNS
--   verdict: str = OK; STALE: the record is outdated; RATE, LABEL_RATE, QUOTA: refused; HITS_ONLY:
--     the month's requests are used up, and this one was counted; OVER_QUOTA, BUDGET, LABEL_BUDGET,
--     TOKENS, STREAMS: the provider must not be asked; not counted
--   now_ms: int
--   plan_used: int
--   plan_oldest_ms: int
--   key_used: int
--   key_oldest_ms: int
--   quota_used: int
--   lease_left_ms: int = over 0: another request is fetching this answer, or gave up moments ago
--   plan_tokens: int = of the last minute; -1 where the request did not come so far: a hit
--   plan_tokens_oldest_ms: int
--   key_tokens: int
--   key_tokens_oldest_ms: int
--   project_spent: int = of this month, nano-USD; -1 as above, and without a budget
--   key_spent: int
--   streams_open: int = without this request's; -1 as above, and where it opens none
--   label_account: str = which counts for the value: its own, or other; empty: not looked at
--   label_used: int
--   label_oldest_ms: int
--   label_spent: int = of this period, nano-USD; -1 as project_spent
--   candidates: list[tuple[int, str]] = distance and record, nearest first
--   evidence: list[str] = names and values in turn
--   project_evidence: list[str] = the same
--   entries: list[str | None] = in the order asked; empty: there, but not in this reply
--   prompt_values: list[str | None] = of the fields, where the provider is to be asked
local revision, plan_log, key_log, quota, cutoffs, lock, plan_tokens, key_tokens, project_spend,
  key_spend, label_accounts, streams, label_log, other_log, stats = unpack(KEYS, 1, 15)
local record_revision, plan_rpm, key_rpm, monthly_requests, hits_past_quota, model_field,
  namespace_field, max_age_ms, lock_token, lease_ms, plan_tpm, key_tpm, project_budget, key_budget,
  label_account, label_most, label_ttl, label_rpm, label_budget, estimated_tokens, no_upstream,
  slot, concurrent_streams, slot_ms, semantic_prefix, code, probes, most_distance, candidates,
  evidence, project_evidence, prompt_state = unpack(ARGV, 1, 32)

local now = now_ms()
local reply = {
  'OK', now, 0, now, 0, now, -1, 0, -1, now, -1, now, -1, -1, -1, '', 0, now, -1, {}, {}, {}, {}, {}
}
local VERDICT, PLAN_USED, PLAN_OLDEST, KEY_USED, KEY_OLDEST, QUOTA_USED = 1, 3, 4, 5, 6, 7
local LEASE_LEFT, PLAN_TOKENS, PLAN_SINCE, KEY_TOKENS, KEY_SINCE = 8, 9, 10, 11, 12
local PROJECT_SPENT, KEY_SPENT, STREAMS_OPEN = 13, 14, 15
local LABEL_ACCOUNT, LABEL_USED, LABEL_OLDEST, LABEL_SPENT = 16, 17, 18, 19
local CANDIDATES, EVIDENCE, PROJECT_EVIDENCE, ENTRIES, PROMPT_VALUES = 20, 21, 22, 23, 24
local function refuse(verdict)
  reply[VERDICT] = verdict
  return reply
end

local known = redis.call('GET', revision)
if known and tonumber(known) > tonumber(record_revision) then return refuse('STALE') end

local plan_limit, key_limit = tonumber(plan_rpm), tonumber(key_rpm)
if plan_limit >= 0 then reply[PLAN_USED], reply[PLAN_OLDEST] = trim(plan_log, now) end
if key_limit >= 0 then reply[KEY_USED], reply[KEY_OLDEST] = trim(key_log, now) end
local plan_full = plan_limit >= 0 and reply[PLAN_USED] >= plan_limit
local key_full = key_limit >= 0 and reply[KEY_USED] >= key_limit
if plan_full or key_full then return refuse('RATE') end

local label_limit = tonumber(label_rpm)
if label_account ~= '' then
  reply[LABEL_ACCOUNT] = account_of(label_accounts, label_account, label_most)
  if reply[LABEL_ACCOUNT] ~= label_account then label_log = other_log end
  if label_limit >= 0 then
    reply[LABEL_USED], reply[LABEL_OLDEST] = trim(label_log, now)
    if reply[LABEL_USED] >= label_limit then return refuse('LABEL_RATE') end
  end
end

local quota_limit = tonumber(monthly_requests)
reply[QUOTA_USED] = tonumber(redis.call('GET', quota) or '0')
local hits_only = quota_limit >= 0 and reply[QUOTA_USED] >= quota_limit
if hits_only and hits_past_quota ~= '1' then return refuse('QUOTA') end

if plan_limit >= 0 then
  redis.call('RPUSH', plan_log, now)
  redis.call('PEXPIRE', plan_log, 61000)
  reply[PLAN_USED] = reply[PLAN_USED] + 1
end
if key_limit >= 0 then
  redis.call('RPUSH', key_log, now)
  redis.call('PEXPIRE', key_log, 61000)
  reply[KEY_USED] = reply[KEY_USED] + 1
end
if label_account ~= '' then
  if redis.call('HSETNX', label_accounts, reply[LABEL_ACCOUNT], 0) == 1 then
    redis.call('EXPIRE', label_accounts, label_ttl)
  end
  if label_limit >= 0 then
    redis.call('RPUSH', label_log, now)
    redis.call('PEXPIRE', label_log, 61000)
    reply[LABEL_USED] = reply[LABEL_USED] + 1
  end
end
reply[QUOTA_USED] = redis.call('INCR', quota)
if reply[QUOTA_USED] == 1 then redis.call('EXPIRE', quota, 3456000) end

local missing = #KEYS < 16
if not missing then
  local cut = dead_until(cutoffs, model_field, namespace_field, tonumber(max_age_ms), now)
  reply[ENTRIES], missing = read_entries(16, cut)
  if redis.call('HINCRBY', stats, missing and 'misses' or 'hits', 1) == 1 then
    redis.call('EXPIRE', stats, 3456000)
  end
  if missing and semantic_prefix ~= '' then
    local limit, count = tonumber(most_distance), tonumber(candidates)
    reply[CANDIDATES] = nearest(semantic_prefix, code, probes, limit, count, cut)
    if #reply[CANDIDATES] > 0 then
      reply[EVIDENCE] = redis.call('HGETALL', evidence)
      reply[PROJECT_EVIDENCE] = redis.call('HGETALL', project_evidence)
    end
  end
end
if hits_only then reply[VERDICT] = 'HITS_ONLY' end
if not missing or no_upstream == '1' then return reply end

-- The request goes to the provider: its tokens and its money count, a hit's never do. What is
-- refused from here on counts neither against the month nor against the minute: the newest place in
-- each log is this request's own.
local function refuse_upstream(verdict)
  reply[QUOTA_USED] = redis.call('DECR', quota)
  if plan_limit >= 0 then
    redis.call('RPOP', plan_log)
    reply[PLAN_USED] = reply[PLAN_USED] - 1
  end
  if key_limit >= 0 then
    redis.call('RPOP', key_log)
    reply[KEY_USED] = reply[KEY_USED] - 1
  end
  if label_account ~= '' and label_limit >= 0 then
    redis.call('RPOP', label_log)
    reply[LABEL_USED] = reply[LABEL_USED] - 1
  end
  return refuse(verdict)
end
local function spent(key, budget)
  if tonumber(budget) < 0 then return -1 end
  return tonumber(redis.call('GET', key) or '0')
end
local function over(amount, budget)
  return amount >= 0 and amount >= tonumber(budget)
end
if hits_only then return refuse_upstream('OVER_QUOTA') end
reply[PROJECT_SPENT] = spent(project_spend, project_budget)
reply[KEY_SPENT] = spent(key_spend, key_budget)
if over(reply[PROJECT_SPENT], project_budget) or over(reply[KEY_SPENT], key_budget) then
  return refuse_upstream('BUDGET')
end
if label_account ~= '' and tonumber(label_budget) >= 0 then
  reply[LABEL_SPENT] = tonumber(redis.call('HGET', label_accounts, reply[LABEL_ACCOUNT]) or '0')
  if over(reply[LABEL_SPENT], label_budget) then return refuse_upstream('LABEL_BUDGET') end
end
local estimate = estimated_tokens
local plan_is_full, plan_used, plan_since = tokens_full(plan_tokens, plan_tpm, estimate, now)
local key_is_full, key_used, key_since = tokens_full(key_tokens, key_tpm, estimate, now)
reply[PLAN_TOKENS], reply[PLAN_SINCE] = plan_used, plan_since
reply[KEY_TOKENS], reply[KEY_SINCE] = key_used, key_since
if plan_is_full or key_is_full then return refuse_upstream('TOKENS') end
-- A follower opens nothing at the provider.
local follows = lock_token ~= '' and redis.call('EXISTS', lock) == 1
if slot ~= '' and not follows then
  reply[STREAMS_OPEN] = open_streams(streams, now)
  if reply[STREAMS_OPEN] >= tonumber(concurrent_streams) then
    return refuse_upstream('STREAMS')
  end
  hold(streams, slot, now, tonumber(slot_ms))
end
reserve(plan_tokens, plan_tpm, estimate, now)
reserve(key_tokens, key_tpm, estimate, now)
if prompt_state ~= '' then
  reply[PROMPT_VALUES] = redis.call('HMGET', prompt_state, unpack(ARGV, 33))
end
if lock_token ~= '' then
  if not redis.call('SET', lock, lock_token, 'NX', 'PX', lease_ms) then
    reply[LEASE_LEFT] = redis.call('PTTL', lock)
  end
end
return reply
