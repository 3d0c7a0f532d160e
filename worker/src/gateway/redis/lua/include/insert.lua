-- include: hex
-- Writing to the index that nearest.lua describes.

local function packed_expiry(seconds)
  return string.char(math.floor(seconds / 16777216) % 256, math.floor(seconds / 65536) % 256,
    math.floor(seconds / 256) % 256, seconds % 256)
end

local function expiry(packed, at)
  local a, b, c, d = string.byte(packed, at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

local function keep(bucket, id, seconds)
  local kept = {}
  for start = 1, #bucket, 44 do
    local other = string.sub(bucket, start + 32, start + 39) ~= id
    if other and expiry(bucket, start + 40) > seconds then
      kept[#kept + 1] = string.sub(bucket, start, start + 43)
    end
  end
  return kept
end

local function bucket_key(prefix, code, band)
  local high, low = string.byte(code, 2 * band + 1, 2 * band + 2)
  return string.format('%sb:%x%02x%02x', prefix, band, high, low)
end

local function forget(prefix, item, seconds)
  local code, id = string.sub(item, 1, 32), string.sub(item, 33, 40)
  for band = 0, 15 do
    local key = bucket_key(prefix, code, band)
    local bucket = redis.call('GET', key)
    if bucket then
      local kept = table.concat(keep(bucket, id, seconds))
      if kept == '' then
        redis.call('DEL', key)
      elseif #kept < #bucket then
        redis.call('SET', key, kept, 'PX', math.max(1, redis.call('PTTL', key)))
      end
    end
  end
end

-- Files an entry under its sixteen bands; the oldest go when the partition is full (`most`).
local function insert(prefix, code, id, ttl_ms, record, most, now)
  local seconds = math.floor(now / 1000)
  local order = prefix .. 'o'
  local item = code .. id .. packed_expiry(seconds + math.ceil(ttl_ms / 1000))
  local known = redis.call('EXISTS', prefix .. 'r:' .. hex(id)) == 1
  redis.call('SET', prefix .. 'r:' .. hex(id), record, 'PX', ttl_ms)
  for band = 0, 15 do
    local key = bucket_key(prefix, code, band)
    local kept = keep(redis.call('GET', key) or '', id, seconds)
    kept[#kept + 1] = item
    while #kept > 512 do table.remove(kept, 1) end
    local ttl = math.max(tonumber(ttl_ms), redis.call('PTTL', key))
    redis.call('SET', key, table.concat(kept), 'PX', ttl)
  end
  if not known then redis.call('RPUSH', order, item) end
  redis.call('PEXPIRE', order, math.max(tonumber(ttl_ms), redis.call('PTTL', order)))
  for _ = 1, 4 do
    local oldest = redis.call('LINDEX', order, 0)
    if not oldest then break end
    local live = redis.call('EXISTS', prefix .. 'r:' .. hex(string.sub(oldest, 33, 40))) == 1
    local full = redis.call('LLEN', order) > most
    if live and not full then break end
    redis.call('LPOP', order)
    if live then redis.call('DEL', prefix .. 'r:' .. hex(string.sub(oldest, 33, 40))) end
    forget(prefix, oldest, seconds)
  end
end
