-- Deletes chunks whose rows are stored.
--
-- KEYS
--   index: the projects that have a spool
--   spool
-- ARGV
--   project_id: str
--   chunk_ids...: str
-- RETURNS int = how many chunks are left
local index, spool = unpack(KEYS, 1, 2)
local project_id = unpack(ARGV, 1, 1)

for i = 2, #ARGV do redis.call('HDEL', spool, ARGV[i]) end
local left = redis.call('HLEN', spool)
if left == 0 then redis.call('SREM', index, project_id) end
return left
