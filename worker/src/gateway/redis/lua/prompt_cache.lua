-- Counts one use of each prefix of a prompt that a provider has answered, and what the provider's
-- prompt cache cost and saved (`shared.prompt_cache`). Bounded: as many prefixes and applications
-- as the arguments say; a prefix is forgotten an hour after its last use.
--
-- KEYS
--   state: the hash that `shared.prompt_cache.state` describes
--   due: prefixes by when the interval ends in which their next use is waited for, unix ms
--   recent: prefixes by their last use, unix ms
--   roots: applications that have life tables of their own, by their last use, unix ms
-- ARGV
--   started_ms: int = when the request began
--   root: str = the prefix of its first block
--   most_prefixes: int
--   most_roots: int
--   tokens: int = of the prompt
--   characters: int = of the prompt
--   paid: int = tokens at the input price, beyond it, for writes
--   saved: int = tokens at the input price, by reads
--   taken_bits: int = of the tokens that were taken to be cached; 0: none were
--   evicted: bool = the usage said otherwise
--   missed: int = tokens that would have been saved beyond these without a bound, as predicted
--   touches...: (prefix: str, class: str, expires: int, lifetime: int, would_expire: int) = -1: as
--     it was
-- RETURNS int = how many prefixes are known now
local state, due, recent, roots = unpack(KEYS, 1, 4)
local started_ms, root, most_prefixes, most_roots, tokens, characters, paid, saved, taken_bits,
  evicted, missed = unpack(ARGV, 1, 11)

local now = tonumber(started_ms)
local INTERVALS, HOUR, KEPT_FOR = {300000, 900000, 1800000, 3600000}, 3600000, 604800
local SWEPT, WINDOW, KEPT_WINDOW, ROOT_FROM = 32, 160, 200, 3
local USES, EXPIRES, LIFETIME, CLASS, ROOT, START, INTERVAL, WOULD = 1, 2, 3, 4, 5, 6, 7, 8

local function numbers(text)
  local list = {}
  for number in string.gmatch(text, '%S+') do list[#list + 1] = tonumber(number) end
  return list
end

-- Life tables: the fields of `state` that were read, with numbers by class. 1 to 4 are events,
-- 5 to 8 survivals, 9 to 12 prefixes that wait.
local tables = {}
local function counters(field, class)
  if not tables[field] then
    tables[field] = {}
    local text = redis.call('HGET', state, field) or ''
    for name, list in string.gmatch(text, '([^:;]+):([^;]+)') do
      tables[field][name] = numbers(list)
    end
  end
  tables[field][class] = tables[field][class] or {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
  return tables[field][class]
end
local tracked = {}
local function each(record, change)
  local own, class = record[ROOT], record[CLASS]
  if tracked[own] == nil then tracked[own] = redis.call('ZSCORE', roots, own) and true or false end
  change(counters('stats', class))
  change(counters('stats', string.sub(class, 1, 1)))
  if tracked[own] then change(counters('stats:' .. own, class)) end
end
local function add_waiting(record, number)
  each(record, function(list)
    local place = 8 + record[INTERVAL]
    list[place] = math.max(0, list[place] + number)
  end)
end
local function count(record, interval, used)
  each(record, function(list)
    local place = used and interval or interval + 4
    list[place] = list[place] + 1
    -- Old days fade.
    if list[interval] + list[interval + 4] > WINDOW then
      list[interval], list[interval + 4] = list[interval] / 2, list[interval + 4] / 2
    end
    list[8 + interval] = math.max(0, list[8 + interval] - 1)
    if not used and interval < 4 then list[9 + interval] = list[9 + interval] + 1 end
  end)
end

local function read(prefix)
  local text = redis.call('HGET', state, prefix)
  if not text then return nil end
  local record = {}
  for part in string.gmatch(text, '%S+') do record[#record + 1] = part end
  for _, place in ipairs({USES, EXPIRES, LIFETIME, START, INTERVAL, WOULD}) do
    record[place] = tonumber(record[place] or 0)
  end
  return record
end
local function write(prefix, record)
  for _, place in ipairs({EXPIRES, START, WOULD}) do
    record[place] = string.format('%.0f', record[place])
  end
  redis.call('HSET', state, prefix, table.concat(record, ' '))
end
local function forget(prefix)
  redis.call('HDEL', state, prefix)
  redis.call('ZREM', due, prefix)
  redis.call('ZREM', recent, prefix)
end

-- Intervals that ended without a use.
for _, prefix in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, SWEPT)) do
  local record = read(prefix)
  if not record or record[CLASS] == '-' then
    forget(prefix)
  else
    count(record, record[INTERVAL], false)
    if record[INTERVAL] == 4 then
      forget(prefix)
    else
      record[INTERVAL] = record[INTERVAL] + 1
      redis.call('ZADD', due, record[START] + INTERVALS[record[INTERVAL]], prefix)
      write(prefix, record)
    end
  end
end

local known_root = read(root)
if known_root and known_root[USES] + 1 >= ROOT_FROM then
  redis.call('ZADD', roots, now, root)
  local over = redis.call('ZCARD', roots) - tonumber(most_roots)
  if over > 0 then
    for _, old in ipairs(redis.call('ZRANGE', roots, 0, over - 1)) do
      redis.call('ZREM', roots, old)
      redis.call('HDEL', state, 'stats:' .. old)
      tracked[old] = false
    end
  end
end

for i = 12, #ARGV, 5 do
  local prefix, class, lifetime = ARGV[i], ARGV[i + 1], ARGV[i + 3]
  local expires, would_expire = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 4])
  local record = read(prefix)
  if record and record[CLASS] ~= '-' then
    -- It is used again: that ends the wait, in the interval of its gap.
    for interval = record[INTERVAL], 4 do
      local used = now - record[START] < INTERVALS[interval]
      count(record, interval, used)
      if used then break end
    end
  end
  record = record or {0, 0, 0, '-', root, now, 1, 0}
  record[USES] = record[USES] + 1
  record[CLASS] = string.gsub(class, '{}', tostring(math.min(record[USES], 3)))
  record[ROOT], record[START], record[INTERVAL] = root, now, 1
  if expires >= 0 then record[EXPIRES] = expires end
  if would_expire >= 0 then record[WOULD] = would_expire end
  if tonumber(lifetime) >= 0 then record[LIFETIME] = lifetime end
  if record[CLASS] ~= '-' then add_waiting(record, 1) end
  redis.call('ZADD', due, now + (record[CLASS] == '-' and HOUR or INTERVALS[1]), prefix)
  redis.call('ZADD', recent, now, prefix)
  write(prefix, record)
end

local over = redis.call('ZCARD', recent) - tonumber(most_prefixes)
if over > 0 then
  for _, prefix in ipairs(redis.call('ZRANGE', recent, 0, over - 1)) do
    local record = read(prefix)
    if record and record[CLASS] ~= '-' then add_waiting(record, -1) end
    forget(prefix)
  end
end

for field, found in pairs(tables) do
  if field == 'stats' or tracked[string.sub(field, 7)] then
    local parts = {}
    for class, list in pairs(found) do
      for place = 1, 12 do list[place] = string.format('%.6g', list[place]) end
      parts[#parts + 1] = class .. ':' .. table.concat(list, ' ')
    end
    redis.call('HSET', state, field, table.concat(parts, ';'))
  end
end

local ledger = numbers(redis.call('HGET', state, 'ledger') or '0 0 0 0 0')
for place, more in ipairs({paid, saved, tokens, characters, missed}) do
  ledger[place] = string.format('%.0f', (ledger[place] or 0) + tonumber(more))
end
redis.call('HSET', state, 'ledger', table.concat(ledger, ' '))

if taken_bits ~= '0' then
  local parts, found = {}, false
  local text = redis.call('HGET', state, 'kept') or ''
  for bits, taken, lost in string.gmatch(text, '(%d+):([^: ]+):(%S+)') do
    taken, lost = tonumber(taken), tonumber(lost)
    if bits == taken_bits then
      found, taken, lost = true, taken + 1, lost + tonumber(evicted)
      if taken > KEPT_WINDOW then taken, lost = taken / 2, lost / 2 end
    end
    parts[#parts + 1] = string.format('%s:%.6g:%.6g', bits, taken, lost)
  end
  if not found then parts[#parts + 1] = taken_bits .. ':1:' .. evicted end
  redis.call('HSET', state, 'kept', table.concat(parts, ' '))
end

for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, KEPT_FOR) end
return redis.call('ZCARD', recent)
