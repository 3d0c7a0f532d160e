-- Bytes as lower-case hex digits.

local function hex(text)
  local digits = string.gsub(text, '.', function(c) return string.format('%02x', c:byte()) end)
  return digits
end
