-- Records a person's verdict on a semantic hit. Redis forgets the hit with it, so that a second
-- verdict finds nothing to count.
--
-- KEYS
--   hit: what was remembered of the semantic hit
--   entry: the answer that was served
--   evidence: the namespace's counters
--   project_evidence: those of all the project's namespaces
--   refused_pair: keeps the two prompts apart
-- ARGV
--   bin_number: int = of the pair's probability
--   wrong: int = 0 or 1
--   refused_seconds: int = for how long the pair is refused
-- RETURNS int = 1; 0 when no verdict is waited for, and then nothing has changed
local hit, entry, evidence, project_evidence, refused_pair = unpack(KEYS, 1, 5)
local bin_number, wrong, refused_seconds = unpack(ARGV, 1, 3)

if redis.call('DEL', hit) == 0 then return 0 end
if wrong == '1' then
  redis.call('DEL', entry)
  redis.call('SET', refused_pair, 1, 'EX', refused_seconds)
end
for _, counters in ipairs({evidence, project_evidence}) do
  redis.call('HINCRBY', counters, 'checked:' .. bin_number, 1)
  redis.call('HINCRBY', counters, 'wrong:' .. bin_number, wrong)
end
return 1
