-- Keeps the lock of a single flight for longer.
--
-- KEYS
--   lock
-- ARGV
--   lock_token: str
--   lease_ms: int
-- RETURNS int = 1, or 0 when this request does not lead any more
local lock = unpack(KEYS, 1, 1)
local lock_token, lease_ms = unpack(ARGV, 1, 2)

if redis.call('GET', lock) ~= lock_token then return 0 end
return redis.call('PEXPIRE', lock, lease_ms)
