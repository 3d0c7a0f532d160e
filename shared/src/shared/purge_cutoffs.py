"""A purge, as the edge and the dashboard do it: a cutoff time advances, and older entries are dead.

The hash ``redis_keys.cutoffs`` has a field for each scope that was purged, whose value is unix time
in ms by Redis's own clock, which also stamps the entries. An entry created at or before a cutoff of
its scope is never served again, wherever it is (docs/adr/0007). A field is ``all``, a model's, a
namespace's, or a model's with a namespace's behind it.
"""

KEPT_SECONDS = 31 * 86_400
"""Longer than any entry lives, so that none outlives the cutoff that killed it."""


def model_field(model: str) -> str:
    """Of every entry of a model."""
    return f"model:{model}"


def namespace_field(namespace: str) -> str:
    """Of every entry of a namespace; the empty one is that of requests that name none."""
    return f"ns:{namespace}"


def scope_field(model: str | None, namespace: str | None) -> str:
    """Of what a purge is about; ``None`` stands for all."""
    field = "" if model is None else model_field(model)
    return field + ("" if namespace is None else namespace_field(namespace)) or "all"


ADVANCE = """
-- KEYS: cutoffs   ARGV: 1 field, 2 age in ms of the youngest entry that must go, 3 ttl seconds
-- Answer: the cutoff. It never moves back.
local t = redis.call('TIME')
local cut = t[1] * 1000 + math.floor(t[2] / 1000) - tonumber(ARGV[2])
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if cut > known then redis.call('HSET', KEYS[1], ARGV[1], cut) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return math.max(cut, known)
"""

CUTOFF = """
local function cutoff(key, model, namespace)
  local cut = 0
  for _, value in ipairs(redis.call('HMGET', key, 'all', model, namespace, model .. namespace)) do
    if value and tonumber(value) > cut then cut = tonumber(value) end
  end
  return cut
end
"""
"""A function for scripts: the latest cutoff of an entry with these two fields; 0 without any."""
