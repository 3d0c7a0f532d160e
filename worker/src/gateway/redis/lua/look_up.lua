-- include: clock, dead_until, batch
-- Looks for more entries of a batch that is larger than one round trip should carry.
--
-- KEYS
--   cutoffs: the project's purges
--   entries...
-- ARGV
--   model_field: str
--   namespace_field: str
--   max_age_ms: int = the oldest acceptable entry; -1 for any
-- RETURNS list[str | None] = in the order asked; empty: there, but not in this reply
local cutoffs = unpack(KEYS, 1, 1)
local model_field, namespace_field, max_age_ms = unpack(ARGV, 1, 3)

local now = now_ms()
local cut = dead_until(cutoffs, model_field, namespace_field, tonumber(max_age_ms), now)
return (read_entries(2, cut))
