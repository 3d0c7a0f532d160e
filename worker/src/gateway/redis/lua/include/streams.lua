-- Open streams: a sorted set of slots by the unix ms at which their lease ends.

local function open_streams(key, now)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  return redis.call('ZCARD', key)
end

local function hold(key, slot, now, lease_ms)
  redis.call('ZADD', key, now + lease_ms, slot)
  local longest = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  redis.call('PEXPIRE', key, string.format('%.0f', longest[2] - now))
end
