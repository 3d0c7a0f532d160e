-- include: clock, reserve, spend, spend_label
-- Books what processes counted by themselves while Redis was away. A booking that is sent again,
-- because its answer was lost, counts once.
--
-- KEYS
--   booking: exists when this booking was made before
--   accounts...
-- ARGV
--   amounts...: (kind: str, amount: int) = kind: month; tokens; requests; or
--     label:<most>:<ttl>:<account>, of a hash of accounts (include/label_account.lua)
-- RETURNS int = 0 when it was made before
local booking = unpack(KEYS, 1, 1)

if not redis.call('SET', booking, '1', 'NX', 'EX', 3600) then return 0 end
local now = now_ms()
for i = 2, #KEYS do
  local kind, amount = ARGV[2 * i - 3], ARGV[2 * i - 2]
  local most, ttl_seconds, account = string.match(kind, '^label:(-?%d+):(%d+):(%w+)$')
  if account then
    spend_label(KEYS[i], account, most, ttl_seconds, amount)
  elseif kind == 'month' then
    spend(KEYS[i], amount)
  elseif kind == 'tokens' then
    reserve(KEYS[i], 0, amount, now)
  else
    for _ = 1, tonumber(amount) do redis.call('RPUSH', KEYS[i], now) end
    redis.call('PEXPIRE', KEYS[i], 61000)
  end
end
return 1
