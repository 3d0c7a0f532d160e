-- include: clock, journal
-- Keeps rows in the journal.
--
-- KEYS
--   journal: sealed rows by id
--   journal_due: their ids, by when any process may hand them over
-- ARGV
--   due_in_ms: int
--   most_rows: int
--   rows...: (row_id: str, row: str)
-- RETURNS list[str] = the ids of those for which there was no room
local journal, journal_due = unpack(KEYS, 1, 2)
local due_in_ms, most_rows = unpack(ARGV, 1, 2)

local due_ms = now_ms() + tonumber(due_in_ms)
local refused = {}
for i = 3, #ARGV, 2 do
  if not keep_row(journal, journal_due, ARGV[i], ARGV[i + 1], due_ms, most_rows) then
    refused[#refused + 1] = ARGV[i]
  end
end
return refused
