-- include: clock
-- Reads rows of the journal that any process may hand over, those that wait longest first.
--
-- KEYS
--   journal: sealed rows by id
--   journal_due: their ids, by when any process may hand them over
-- ARGV
--   most_rows: int
-- RETURNS list[tuple[str, str]] = ids and sealed rows
local journal, journal_due = unpack(KEYS, 1, 2)
local most_rows = unpack(ARGV, 1, 1)

local now = string.format('%.0f', now_ms())
local ids = redis.call('ZRANGEBYSCORE', journal_due, '-inf', now, 'LIMIT', 0, most_rows)
local found = {}
for _, row_id in ipairs(ids) do
  local row = redis.call('HGET', journal, row_id)
  if row then
    found[#found + 1] = {row_id, row}
  else
    redis.call('ZREM', journal_due, row_id)
  end
end
return found
