-- Accounts of a label's values in one period: a hash, account -> nano-USD spent. Once it holds
-- `most`, values without an account of their own share `other`.

-- Which account counts for `account`. `most`: -1 where it has its own in any case.
local function account_of(accounts, account, most)
  most = tonumber(most)
  if most < 0 or redis.call('HEXISTS', accounts, account) == 1
    or redis.call('HLEN', accounts) < most then
    return account
  end
  return 'other'
end
