-- Deletes rows that are stored elsewhere.
--
-- KEYS
--   journal: sealed rows by id
--   journal_due: their ids, by when any process may hand them over
-- ARGV
--   row_ids...: str
-- RETURNS int = how many rows are left
local journal, journal_due = unpack(KEYS, 1, 2)

for i = 1, #ARGV do
  redis.call('HDEL', journal, ARGV[i])
  redis.call('ZREM', journal_due, ARGV[i])
end
return redis.call('HLEN', journal)
