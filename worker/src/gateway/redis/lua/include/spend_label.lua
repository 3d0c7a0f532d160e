-- include: add_up, label_account
-- What a value of a label spends, at the account that counts for it.

local function spend_label(accounts, account, most, ttl_seconds, cost)
  if account == '' or tonumber(cost) <= 0 then return end
  local counts = account_of(accounts, account, most)
  redis.call('HINCRBY', accounts, counts, addable(redis.call('HGET', accounts, counts), cost))
  redis.call('EXPIRE', accounts, ttl_seconds)
end
