-- Purges: every entry of a scope that was created until now is dead, everywhere.
--
-- KEYS
--   cutoffs: the project's purges
-- ARGV
--   field: str = the scope
--   age_ms: int = of the youngest entry that must go
--   ttl_seconds: int = of the cutoffs
-- RETURNS int = the cutoff, unix ms; it never moves back
local cutoffs = unpack(KEYS, 1, 1)
local field, age_ms, ttl_seconds = unpack(ARGV, 1, 3)

local t = redis.call('TIME')
local cut = t[1] * 1000 + math.floor(t[2] / 1000) - tonumber(age_ms)
local known = tonumber(redis.call('HGET', cutoffs, field) or '0')
if cut > known then redis.call('HSET', cutoffs, field, cut) end
redis.call('EXPIRE', cutoffs, ttl_seconds)
return math.max(cut, known)
