-- A project's counters of some days.
--
-- KEYS
--   days...: one hash a day
-- RETURNS list[tuple[int, int]] = hits and misses of each day
local counted = {}
for i = 1, #KEYS do
  local day = redis.call('HMGET', KEYS[i], 'hits', 'misses')
  counted[i] = {tonumber(day[1] or '0'), tonumber(day[2] or '0')}
end
return counted
