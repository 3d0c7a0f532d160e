-- Adds tokens (negative ones too) to the log that tokens_used.lua reads.

local function reserve(key, limit, tokens, now)
  if tonumber(limit) < 0 or tonumber(tokens) == 0 then return end
  redis.call('RPUSH', key, now .. ':' .. tokens)
  redis.call('INCRBY', key .. ':sum', tokens)
  redis.call('PEXPIRE', key, 61000)
  redis.call('PEXPIRE', key .. ':sum', 61000)
end
