-- include: clock, post_response, journal, insert, unhex
-- The same as commit.lua for one entry, which is also filed in the semantic index.
--
-- KEYS
--   lock: of the single flight
--   plan_tokens: the tokens of the last minute that the plan limits
--   key_tokens: the same of the API key
--   project_spend: what the project spent this month, nano-USD
--   key_spend: the same of the API key
--   label_accounts: of the limited label's values, in their period
--   streams: the project's open streams
--   journal: sealed rows by id
--   journal_due: their ids, by when any process may hand them over
--   entry
-- ARGV (limits: -1 for none)
--   lock_token: str = who leads; empty: nobody
--   plan_tpm: int
--   key_tpm: int
--   tokens: int = beyond those reserved; may be negative
--   cost: int = nano-USD
--   label_account: str = of the request's value; empty: no label is limited
--   label_most: int = accounts of the period; -1 where the value has its own in any case
--   label_ttl: int = seconds that the accounts are kept
--   slot: str = among the open streams; empty: none
--   row_id: str = empty: no row
--   row: str = sealed
--   most_rows: int = of the journal
--   ttl_ms: int = of entry and record
--   value: str = the entry
--   prefix: str = of the index partition
--   code: str = 64 hex digits
--   entry_id: str = 16 hex digits
--   record: str = what a search finds
--   most_entries: int = of the partition; the oldest go first
-- RETURNS int = 1 when the row is kept
local lock, plan_tokens, key_tokens, project_spend, key_spend, label_accounts, streams,
  journal, journal_due, entry = unpack(KEYS, 1, 10)
local lock_token, plan_tpm, key_tpm, tokens, cost, label_account, label_most, label_ttl, slot,
  row_id, row, most_rows, ttl_ms, value, prefix, code, entry_id, record,
  most_entries = unpack(ARGV, 1, 19)

local now = now_ms()
-- The lock first: a Redis out of memory refuses a script whose first write may need memory.
release(lock, lock_token, 0, streams, slot)
redis.call('SET', entry, value, 'PX', ttl_ms)
charge(plan_tokens, key_tokens, plan_tpm, key_tpm, tokens, now)
spend(project_spend, cost)
spend(key_spend, cost)
spend_label(label_accounts, label_account, label_most, label_ttl, cost)
insert(prefix, unhex(code), unhex(entry_id), ttl_ms, record, tonumber(most_entries), now)
return keep_row(journal, journal_due, row_id, row, now, most_rows) and 1 or 0
