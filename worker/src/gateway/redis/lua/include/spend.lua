-- include: add_up
-- What a project or an API key spends in a month, nano-USD.

local function spend(key, cost)
  if tonumber(cost) > 0 then
    redis.call('INCRBY', key, addable(redis.call('GET', key), cost))
    redis.call('EXPIRE', key, 3456000)
  end
end
