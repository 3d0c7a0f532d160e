-- Hex digits as bytes.

local function unhex(text)
  local raw = string.gsub(text, '%x%x', function(c) return string.char(tonumber(c, 16)) end)
  return raw
end
