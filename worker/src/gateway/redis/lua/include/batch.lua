-- include: fresh
-- The entries of a batch, as many of their bytes as one reply should carry.

local most_reply_bytes = 4194304

-- KEYS from `first` on, in their order: a value; false where there is no fresh one; an empty string
-- where there is one that does not fit into this reply. And whether any is missing.
local function read_entries(first, cut)
  local found, bytes, missing = {}, 0, false
  for i = first, #KEYS do
    local is_full = bytes >= most_reply_bytes
    -- The head of a value says when it was made.
    local value = is_full and redis.call('GETRANGE', KEYS[i], 0, 15) or redis.call('GET', KEYS[i])
    local is_there = fresh(value, cut)
    found[#found + 1] = is_there and (is_full and '' or value) or false
    if is_there then bytes = bytes + #value else missing = true end
  end
  return found, missing
end
