-- Adding to a sum of money. A sum stops at nine million dollars: Redis refuses to add beyond 2^63,
-- and its error would end the script before it has done what it does for other accounts.

local most_nanousd = 9e15 -- every whole number up to it is exact in Lua

-- `cost` as it may be added to `sum` (a string, or false).
local function addable(sum, cost)
  local room = most_nanousd - tonumber(sum or '0')
  return string.format('%.0f', math.max(0, math.min(tonumber(cost), room)))
end
