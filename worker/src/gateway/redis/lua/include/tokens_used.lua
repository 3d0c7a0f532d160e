-- Tokens of the last minute: a log of `<unix ms>:<tokens>`, oldest first, and its sum at `:sum`.

local function tokens_used(key, now)
  local oldest = redis.call('LINDEX', key, 0)
  while oldest do
    local at, tokens = string.match(oldest, '^(%d+):(-?%d+)$')
    if tonumber(at) > now - 60000 then
      return tonumber(redis.call('GET', key .. ':sum') or '0'), tonumber(at)
    end
    redis.call('LPOP', key)
    redis.call('DECRBY', key .. ':sum', tokens)
    oldest = redis.call('LINDEX', key, 0)
  end
  return 0, now
end

-- Whether `estimate` more tokens pass the limit (-1: none), how many are used, and since when.
local function tokens_full(key, limit, estimate, now)
  if tonumber(limit) < 0 then return false, 0, now end
  local used, since = tokens_used(key, now)
  return used + tonumber(estimate) > tonumber(limit), used, since
end
