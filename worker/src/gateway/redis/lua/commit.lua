-- include: clock, post_response, journal
-- Writes entries, gives up the lock and the stream's slot, charges tokens and cost, and keeps the
-- request's usage row.
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
--   entries...
-- ARGV (limits: -1 for none)
--   lock_token: str = who leads; empty: nobody
--   tombstone_ms: int = how long followers find out that no entry comes; 0 where one does
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
--   values...: (ttl_ms: int, value: str) = of each entry
-- RETURNS int = 1 when the row is kept
local lock, plan_tokens, key_tokens, project_spend, key_spend, label_accounts, streams,
  journal, journal_due = unpack(KEYS, 1, 9)
local lock_token, tombstone_ms, plan_tpm, key_tpm, tokens, cost, label_account, label_most,
  label_ttl, slot, row_id, row, most_rows = unpack(ARGV, 1, 13)

local now = now_ms()
-- The lock first: a Redis out of memory refuses a script whose first write may need memory.
release(lock, lock_token, tombstone_ms, streams, slot)
for i = 10, #KEYS do
  redis.call('SET', KEYS[i], ARGV[2 * i - 5], 'PX', ARGV[2 * i - 6])
end
charge(plan_tokens, key_tokens, plan_tpm, key_tpm, tokens, now)
spend(project_spend, cost)
spend(key_spend, cost)
spend_label(label_accounts, label_account, label_most, label_ttl, cost)
return keep_row(journal, journal_due, row_id, row, now, most_rows) and 1 or 0
