-- include: clock, cutoff, fresh
-- One look of a follower for the leader's entry. It needs no maximum age: requests that set one do
-- not compete for the lock.
--
-- KEYS
--   cutoffs: the project's purges
--   lock: of the single flight
--   entry
-- ARGV
--   model_field: str
--   namespace_field: str
--   lock_token: str = with which this request leads where nobody else does any more
--   lease_ms: int
-- RETURNS
--   entry: str | None
--   state: str = wait; lead: the lock had expired, and this request holds it now; alone: the leader
--     gave up
--   now_ms: int
local cutoffs, lock, entry = unpack(KEYS, 1, 3)
local model_field, namespace_field, lock_token, lease_ms = unpack(ARGV, 1, 4)

local now = now_ms()
local value = redis.call('GET', entry)
if fresh(value, cutoff(cutoffs, model_field, namespace_field)) then return {value, 'wait', now} end
local holder = redis.call('GET', lock)
if holder == 'released' then return {false, 'alone', now} end
if holder then return {false, 'wait', now} end
redis.call('SET', lock, lock_token, 'PX', lease_ms)
return {false, 'lead', now}
