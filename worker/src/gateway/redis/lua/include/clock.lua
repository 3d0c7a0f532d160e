-- Redis's own clock, so that isolates with different clocks share one order of events.

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
