"""The Lua of the semantic index: plain strings, banded by locality-sensitive hashing.

Below a scope's prefix (which starts with the project):

- ``b:<band><value>``: a bucket, packed records of 44 bytes: 32 of code, 8 of id, 4 of expiry
  (unix seconds, big-endian), newest last, at most 512;
- ``r:<id>``: one entry's record, ``<created ms>:<exact key>:<sealed prompt>``, with its TTL;
- ``o``: the list of code, id and expiry, oldest first, from which the scope's size is bounded and
  expired records are taken out of their buckets.

Redis has no popcount for Lua, and calls into C are what costs in it: one call takes a record's
bytes out, and the distance is summed from tables of nibbles, which are made for the first record.
"""

_NIBBLES = "".join(str((a ^ b).bit_count()) for a in range(16) for b in range(16))
_BYTES = [f"b{place}" for place in range(1, 33)]
_FIRST = 24  # bytes; of an unrelated code nearly always enough to be too far


def _distance(first: int, last: int) -> str:
    """Lua for the differing bits of a record's bytes ``first`` to ``last``, counted from 1."""
    return " + ".join(
        f"rows[{2 * place - 1}][high[b{place}]] + rows[{2 * place}][low[b{place}]]"
        for place in range(first, last + 1)
    )


NEAREST = (
    f"local nibbles = '{_NIBBLES}'"
    """
local function unhex(text)
  local raw = string.gsub(text, '%x%x', function(c) return string.char(tonumber(c, 16)) end)
  return raw
end
local function hex(text)
  local digits = string.gsub(text, '.', function(c) return string.format('%02x', c:byte()) end)
  return digits
end
local function distances(code)
  -- Rows: bits by which each nibble of the code differs from 0 to 15. And the nibbles of a byte.
  local of, rows, high, low = {}, {}, {}, {}
  for a = 0, 15 do
    of[a] = {}
    for b = 0, 15 do
      of[a][b] = string.byte(nibbles, a * 16 + b + 1) - 48
      high[a * 16 + b], low[a * 16 + b] = a, b
    end
  end
  for i = 1, 64 do rows[i] = of[tonumber(string.sub(code, i, i), 16)] end
  return rows, high, low
end
local function nearest(prefix, code, probes, most_distance, count, cut)
  local rows, high, low
  local best, seen = {}, {}
  for at = 1, #probes, 5 do
    local bucket = redis.call('GET', prefix .. 'b:' .. string.sub(probes, at, at + 4)) or ''
    if not rows and bucket ~= '' then rows, high, low = distances(code) end
    for start = 1, #bucket, 44 do
      local id = string.sub(bucket, start + 32, start + 39)
      if not seen[id] then
        seen[id] = true
        local """
    f"{', '.join(_BYTES)} = string.byte(bucket, start, start + 31)\n"
    f"        local distance = {_distance(1, _FIRST)}\n"
    "        if distance <= most_distance then\n"
    f"          distance = distance + {_distance(_FIRST + 1, 32)}\n"
    "        end"
    """
        if distance <= most_distance then best[#best + 1] = {distance, id} end
      end
    end
  end
  table.sort(best, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  local found = {}
  for _, item in ipairs(best) do
    if #found >= count then break end
    local record = redis.call('GET', prefix .. 'r:' .. hex(item[2]))
    if fresh(record, cut) then found[#found + 1] = {item[1], record} end
  end
  return found
end
"""
)
"""``nearest(…)``: the records of at most ``count`` live entries, each with its distance in bits."""

INSERT = """
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
"""
"""``insert(…)``: file an entry under its sixteen bands; the oldest go when the scope is full."""
