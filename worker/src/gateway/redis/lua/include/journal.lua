-- The journal: sealed rows of answered requests by their id, until the database has them; beside it
-- their ids, by the unix ms from which any process may hand them over. A row is written again when
-- more is known of its request.

-- Whether the row is kept: not without an id, and there is no room for more than `most`.
local function keep_row(journal, due, row_id, row, due_ms, most)
  if row_id == '' then return false end
  if redis.call('HLEN', journal) >= tonumber(most) then
    if redis.call('HEXISTS', journal, row_id) == 0 then return false end
  end
  redis.call('HSET', journal, row_id, row)
  redis.call('ZADD', due, string.format('%.0f', due_ms), row_id)
  redis.call('EXPIRE', journal, 604800)
  redis.call('EXPIRE', due, 604800)
  return true
end
