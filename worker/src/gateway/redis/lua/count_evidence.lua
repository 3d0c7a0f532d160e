-- Counts one pair of prompts whose answers were compared.
--
-- KEYS
--   evidence: the namespace's counters
-- ARGV
--   bin_number: int = of the pair's probability
--   wrong: int = 0 or 1
-- RETURNS int = the wrong ones of the bin
local evidence = unpack(KEYS, 1, 1)
local bin_number, wrong = unpack(ARGV, 1, 2)

redis.call('HINCRBY', evidence, 'checked:' .. bin_number, 1)
return redis.call('HINCRBY', evidence, 'wrong:' .. bin_number, wrong)
