-- include: clock, dead_until, fresh
-- Looks for the entry of a prompt that means the same: the further round trip of a semantic hit.
--
-- KEYS
--   cutoffs: the project's purges
--   entry
--   refused_pair: exists when a person has judged that the two prompts do not share the entry
-- ARGV
--   model_field: str
--   namespace_field: str
--   max_age_ms: int = the oldest acceptable entry; -1 for any
-- RETURNS
--   entry: str | None
--   refused: int = 1 when the pair is refused
local cutoffs, entry, refused_pair = unpack(KEYS, 1, 3)
local model_field, namespace_field, max_age_ms = unpack(ARGV, 1, 3)

if redis.call('EXISTS', refused_pair) == 1 then return {false, 1} end
local now = now_ms()
local cut = dead_until(cutoffs, model_field, namespace_field, tonumber(max_age_ms), now)
local value = redis.call('GET', entry)
return {fresh(value, cut) and value or false, 0}
