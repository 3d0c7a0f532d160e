-- include: clock, streams
-- Counts the processes of the edge, this one included.
--
-- KEYS
--   processes: their names, by when each lapses
-- ARGV
--   name: str
--   lease_ms: int
-- RETURNS int = how many there are
local processes = unpack(KEYS, 1, 1)
local name, lease_ms = unpack(ARGV, 1, 2)

local now = now_ms()
hold(processes, name, now, tonumber(lease_ms))
return open_streams(processes, now)
