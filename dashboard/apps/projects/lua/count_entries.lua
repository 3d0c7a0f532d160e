-- include: cutoff
-- Adds up some entries of a project by their model and namespace.
--
-- KEYS
--   cutoffs: the project's purges
--   entries...
-- ARGV
--   head_bytes: int = how much of an entry is read to find its head
-- RETURNS list[tuple[str, int, int, int, int]] = label, live entries, bytes, purged ones, bytes
local cutoffs = unpack(KEYS, 1, 1)
local head_bytes = unpack(ARGV, 1, 1)

local function plain(text)
  local decoded = string.gsub(text, '%%(%x%x)', function(c) return string.char(tonumber(c, 16)) end)
  return decoded
end

local cuts, groups, reply = {}, {}, {}
for i = 2, #KEYS do
  local head = redis.call('GETRANGE', KEYS[i], 0, tonumber(head_bytes) - 1)
  local created, model, namespace = string.match(head, '^(%d+):([^:]*):([^:]*):')
  if created then
    local label = model .. ':' .. namespace
    if not groups[label] then
      groups[label] = {label, 0, 0, 0, 0}
      reply[#reply + 1] = groups[label]
      cuts[label] = cutoff(cutoffs, 'model:' .. plain(model), 'ns:' .. plain(namespace))
    end
    local at = tonumber(created) > cuts[label] and 2 or 4
    groups[label][at] = groups[label][at] + 1
    groups[label][at + 1] = groups[label][at + 1] + redis.call('STRLEN', KEYS[i])
  end
end
return reply
