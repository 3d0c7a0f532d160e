-- include: cutoff
-- Entries created at or before this unix ms are not served: they were purged, or are older than
-- the request accepts (`max_age` in ms, negative for any).

local function dead_until(key, model, namespace, max_age, now)
  local cut = cutoff(key, model, namespace)
  if max_age >= 0 and now - max_age > cut then cut = now - max_age - 1 end
  return cut
end
