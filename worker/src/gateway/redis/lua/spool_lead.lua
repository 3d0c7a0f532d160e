-- Takes the lease for draining spools, where there is something to drain.
--
-- KEYS
--   index: the projects that have a spool
--   lease
-- ARGV
--   lease_ms: int
--   most_projects: int
-- RETURNS
--   total: int = how many projects have a spool
--   projects: list[str] = some of them; none when another isolate drains
local index, lease = unpack(KEYS, 1, 2)
local lease_ms, most_projects = unpack(ARGV, 1, 2)

local total = redis.call('SCARD', index)
if total == 0 or not redis.call('SET', lease, '1', 'NX', 'PX', lease_ms) then
  return {total, {}}
end
return {total, redis.call('SRANDMEMBER', index, most_projects)}
