-- The latest cutoff of an entry with these two fields; 0 without any.

local function cutoff(key, model, namespace)
  local cut = 0
  for _, value in ipairs(redis.call('HMGET', key, 'all', model, namespace, model .. namespace)) do
    if value and tonumber(value) > cut then cut = tonumber(value) end
  end
  return cut
end
