-- A sliding log in O(1) amortised: the requests admitted in the last minute, oldest first. No
-- window of 60 s ever holds more than the limit, because the log is exact.

-- How many requests the log holds, and when the oldest of them came (`now` without any).
local function trim(key, now)
  local oldest = redis.call('LINDEX', key, 0)
  while oldest and tonumber(oldest) <= now - 60000 do
    redis.call('LPOP', key)
    oldest = redis.call('LINDEX', key, 0)
  end
  return redis.call('LLEN', key), tonumber(oldest) or now
end
