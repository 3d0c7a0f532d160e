-- Raises counters of evidence that are lower than the database knows them. None is lowered.
--
-- KEYS
--   evidence...: the counters of namespaces and projects
-- ARGV
--   counts...: (position: int, bin_number: int, checked: int, wrong: int) = of the bin
--     at that position among KEYS, from 1
-- RETURNS int = how many counters were lower
local raised = 0
for i = 1, #ARGV, 4 do
  local position, bin_number, checked, wrong = unpack(ARGV, i, i + 3)
  local key = KEYS[tonumber(position)]
  for name, value in pairs({checked = tonumber(checked), wrong = tonumber(wrong)}) do
    local field = name .. ':' .. bin_number
    if value > tonumber(redis.call('HGET', key, field) or '0') then
      redis.call('HSET', key, field, value)
      raised = raised + 1
    end
  end
end
return raised
