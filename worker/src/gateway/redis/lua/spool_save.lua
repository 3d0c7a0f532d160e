-- Keeps chunks of usage rows, one for each spool.
--
-- KEYS
--   index: the projects that have a spool
--   spools...
-- ARGV
--   ttl_seconds: int = of each spool
--   most_chunks: int = of each spool
--   chunks...: (project_id: str, chunk_id: str, chunk: str)
-- RETURNS list[int] = the positions (from 1) of the spools that are full
local index = unpack(KEYS, 1, 1)
local ttl_seconds, most_chunks = unpack(ARGV, 1, 2)

local full = {}
for i = 2, #KEYS do
  local at = 3 * i - 3
  local project_id, chunk_id, chunk = unpack(ARGV, at, at + 2)
  if redis.call('HLEN', KEYS[i]) >= tonumber(most_chunks) then
    full[#full + 1] = i - 1
  else
    redis.call('HSET', KEYS[i], chunk_id, chunk)
    redis.call('EXPIRE', KEYS[i], ttl_seconds)
    redis.call('SADD', index, project_id)
  end
end
return full
