-- Counts a request whose tools and system prompt may be in the provider's prompt cache
-- (`shared.prompt_cache.heads`). Bounded: past `most` heads the one with fewest tokens goes.
--
-- KEYS
--   heads: hash of heads by name
--   volumes: their names by the tokens of their prompts
-- ARGV
--   most: int
--   kept_seconds: int
--   name: str
--   now_ms: int
--   model: str
--   prefix: str = the hash of the whole head
--   request: str = its id
--   tokens: int = of the head
--   prompt: int = tokens of the whole prompt
--   read: int = tokens from the cache
--   written: int = tokens to it
--   written_hour: int = of these, for the longer lifetime
--   saved: int = nano-USD; negative where more was paid
--   blocks...: (kind: str, tokens: int, hash: str)
-- RETURNS int = how many heads are known now
local heads, volumes = unpack(KEYS, 1, 2)
local most, kept_seconds, name, now_ms, model, prefix, request, tokens, prompt, read, written,
  written_hour, saved = unpack(ARGV, 1, 13)

local sums, before, known, other = {0, 0, 0, 0, 0, 0}, {}, nil, '-'
local text = redis.call('HGET', heads, name)
if text then
  local counts, blocks = string.match(text, '^([^|]*)|([^|]*)|')
  known = {}
  for part in string.gmatch(counts, '%S+') do known[#known + 1] = part end
  for hash, changes in string.gmatch(blocks, '%a+:%d+:(%x+):(%d+)') do
    before[#before + 1] = {hash, tonumber(changes)}
  end
  -- Requests, and of these the sums; the tokens of the head stand between.
  sums = {known[1], known[3], known[4], known[5], known[6], known[7]}
  other = known[11]
end
local more = {1, prompt, read, written, written_hour, saved}
for place, sum in ipairs(sums) do
  sums[place] = string.format('%.0f', tonumber(sum) + tonumber(more[place]))
end

local parts = {}
for i = 14, #ARGV, 3 do
  local kind, size, hash = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local old = before[#parts + 1]
  local changes = old and old[2] or 0
  if old and old[1] ~= hash then
    changes = changes + 1
    other = known[10]
  end
  parts[#parts + 1] = kind .. ':' .. size .. ':' .. hash .. ':' .. changes
end

local counts = {
  sums[1], tokens, sums[2], sums[3], sums[4], sums[5], sums[6], now_ms, prefix, request, other,
}
redis.call('HSET', heads, name,
  table.concat(counts, ' ') .. '|' .. table.concat(parts, ' ') .. '|' .. model)
redis.call('ZINCRBY', volumes, prompt, name)
if redis.call('ZCARD', volumes) > tonumber(most) then
  for _, least in ipairs(redis.call('ZRANGE', volumes, 0, 1)) do
    if least ~= name then
      redis.call('ZREM', volumes, least)
      redis.call('HDEL', heads, least)
      break
    end
  end
end
redis.call('EXPIRE', heads, kept_seconds)
redis.call('EXPIRE', volumes, kept_seconds)
return redis.call('ZCARD', volumes)
