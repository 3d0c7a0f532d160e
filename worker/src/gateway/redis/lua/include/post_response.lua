-- include: reserve, spend, spend_label
-- What commit.lua and commit_indexed.lua do beside writing entries, after the provider's response.

-- Gives up the stream's slot and, where this request still leads, the lock; then charges. With a
-- tombstone, followers learn that no entry will come.
local function release(lock, lock_token, tombstone_ms, streams, slot)
  if slot ~= '' then redis.call('ZREM', streams, slot) end
  if lock_token ~= '' and redis.call('GET', lock) == lock_token then
    -- Deleted in any case: a Redis out of memory refuses a script's first write, but not this one.
    redis.call('DEL', lock)
    if tonumber(tombstone_ms) > 0 then
      redis.call('SET', lock, 'released', 'PX', tombstone_ms)
    end
  end
end

-- `tokens`: beyond those reserved, may be negative.
local function charge(plan_tokens, key_tokens, plan_tpm, key_tpm, tokens, now)
  reserve(plan_tokens, plan_tpm, tokens, now)
  reserve(key_tokens, key_tpm, tokens, now)
end
