-- Counts one pair of prompts whose answers were compared.
--
-- KEYS
--   evidence: the namespace's counters
--   project_evidence: those of all the project's namespaces
-- ARGV
--   bin_number: int = of the pair's probability
--   wrong: int = 0 or 1
-- RETURNS int = the wrong ones of the namespace's bin
local evidence, project_evidence = unpack(KEYS, 1, 2)
local bin_number, wrong = unpack(ARGV, 1, 2)

redis.call('HINCRBY', project_evidence, 'checked:' .. bin_number, 1)
redis.call('HINCRBY', project_evidence, 'wrong:' .. bin_number, wrong)
redis.call('HINCRBY', evidence, 'checked:' .. bin_number, 1)
return redis.call('HINCRBY', evidence, 'wrong:' .. bin_number, wrong)
