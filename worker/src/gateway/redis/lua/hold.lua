-- include: clock, streams
-- Takes a slot among a project's open streams, or keeps it for longer.
--
-- KEYS
--   streams: the project's open streams
-- ARGV
--   slot: str
--   lease_ms: int
--   concurrent_streams: int = the limit for a slot that is not held; 0: only keep one that is
-- RETURNS int = 1, or 0 when there is none
local streams = unpack(KEYS, 1, 1)
local slot, lease_ms, concurrent_streams = unpack(ARGV, 1, 3)

local now = now_ms()
local open = open_streams(streams, now)
local held = redis.call('ZSCORE', streams, slot)
if not held and open >= tonumber(concurrent_streams) then return 0 end
hold(streams, slot, now, tonumber(lease_ms))
return 1
