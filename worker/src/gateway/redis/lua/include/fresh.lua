-- Whether a stored value (`<created ms>:…`) exists and was created after the cutoff.

local function fresh(value, cut)
  local created = value and string.match(value, '^(%d+):')
  return created and tonumber(created) > cut
end
