-- Reads some chunks of each spool.
--
-- KEYS
--   spools...
-- ARGV
--   most_chunks: int = of each spool
-- RETURNS list[list[str]] = of each spool chunk ids and chunks in turn
local most_chunks = unpack(ARGV, 1, 1)

local found = {}
for i = 1, #KEYS do
  found[i] = redis.call('HRANDFIELD', KEYS[i], most_chunks, 'WITHVALUES')
end
return found
