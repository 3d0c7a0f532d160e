-- include: hex, fresh
-- The search in a semantic index: plain strings, banded by locality-sensitive hashing. Below a
-- partition's prefix (which starts with the project):
--
--   b:<band><value>  a bucket: packed records of 44 bytes, 32 of code, 8 of id, 4 of expiry (unix
--                    seconds, big-endian), newest last, at most 512
--   r:<id>           one entry's record, `<created ms>:<exact key>:<sealed prompt>`, with its TTL
--   o                the list of code, id and expiry, oldest first, from which the partition's size
--                    is bounded and expired records are taken out of their buckets
--
-- Redis has no popcount for Lua, and calls into C are what costs in it: one call takes a record's
-- bytes out, and the distance is summed from tables of nibbles, without a loop.

-- Bits by which two nibbles differ: the digit at 16 * a + b + 1.
local nibbles =
  '0112122312232334102121322132324312012312231234232110322132214332'
  .. '1223011223341223213210213243213223121201342323123221211043323221'
  .. '1223233401121223213232431021213223123423120123123221433221103221'
  .. '2334122312230112324321322132102134232312231212014332322132212110'

-- For each nibble of the code, the bits by which it differs from 0 to 15. And a byte's nibbles.
local function distances(code)
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

-- The records of at most `count` live entries within `most_distance` bits, nearest first, each
-- with its distance. `code`: 64 hex digits. `probes`: bucket names of five hex digits each.
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
        local b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16,
          b17, b18, b19, b20, b21, b22, b23, b24, b25, b26, b27, b28, b29, b30, b31, b32 =
          string.byte(bucket, start, start + 31)
        -- 24 bytes of an unrelated code are nearly always enough to be too far.
        local distance = rows[1][high[b1]] + rows[2][low[b1]]
          + rows[3][high[b2]] + rows[4][low[b2]]
          + rows[5][high[b3]] + rows[6][low[b3]]
          + rows[7][high[b4]] + rows[8][low[b4]]
          + rows[9][high[b5]] + rows[10][low[b5]]
          + rows[11][high[b6]] + rows[12][low[b6]]
          + rows[13][high[b7]] + rows[14][low[b7]]
          + rows[15][high[b8]] + rows[16][low[b8]]
          + rows[17][high[b9]] + rows[18][low[b9]]
          + rows[19][high[b10]] + rows[20][low[b10]]
          + rows[21][high[b11]] + rows[22][low[b11]]
          + rows[23][high[b12]] + rows[24][low[b12]]
          + rows[25][high[b13]] + rows[26][low[b13]]
          + rows[27][high[b14]] + rows[28][low[b14]]
          + rows[29][high[b15]] + rows[30][low[b15]]
          + rows[31][high[b16]] + rows[32][low[b16]]
          + rows[33][high[b17]] + rows[34][low[b17]]
          + rows[35][high[b18]] + rows[36][low[b18]]
          + rows[37][high[b19]] + rows[38][low[b19]]
          + rows[39][high[b20]] + rows[40][low[b20]]
          + rows[41][high[b21]] + rows[42][low[b21]]
          + rows[43][high[b22]] + rows[44][low[b22]]
          + rows[45][high[b23]] + rows[46][low[b23]]
          + rows[47][high[b24]] + rows[48][low[b24]]
        if distance <= most_distance then
          distance = distance
            + rows[49][high[b25]] + rows[50][low[b25]]
            + rows[51][high[b26]] + rows[52][low[b26]]
            + rows[53][high[b27]] + rows[54][low[b27]]
            + rows[55][high[b28]] + rows[56][low[b28]]
            + rows[57][high[b29]] + rows[58][low[b29]]
            + rows[59][high[b30]] + rows[60][low[b30]]
            + rows[61][high[b31]] + rows[62][low[b31]]
            + rows[63][high[b32]] + rows[64][low[b32]]
        end
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
