"""The few Redis commands that `prompt_cache.lua` uses, in Lua: simulated weeks of traffic run the
very script of the edge without a server."""

from collections.abc import Sequence
from typing import Any

from lupa import lua51

from gateway.redis.scripts import source

_COMMANDS = """
local hashes, scores, orders = {}, {}, {}
local function hash(key) hashes[key] = hashes[key] or {}; return hashes[key] end
local function sorted(key)
  scores[key], orders[key] = scores[key] or {}, orders[key] or {}
  return scores[key], orders[key]
end
local function place(order, score, member)  -- of the first item that is not smaller
  local low, high = 1, #order + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    local item = order[middle]
    if item[1] < score or (item[1] == score and item[2] < member) then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end
local commands = {}
function commands.HGET(key, field) return hash(key)[field] or false end
function commands.HSET(key, field, value) hash(key)[field] = value end
function commands.HDEL(key, field) hash(key)[field] = nil end
function commands.ZSCORE(key, member) return sorted(key)[member] or false end
function commands.ZCARD(key)
  local _, order = sorted(key)
  return #order
end
function commands.ZREM(key, member)
  local score, order = sorted(key)
  if score[member] then
    table.remove(order, place(order, score[member], member))
    score[member] = nil
  end
end
function commands.ZADD(key, number, member)
  commands.ZREM(key, member)
  local score, order = sorted(key)
  number = tonumber(number)
  score[member] = number
  table.insert(order, place(order, number, member), {number, member})
end
function commands.ZRANGE(key, first, last)
  local _, order = sorted(key)
  local found = {}
  for at = first + 1, math.min(last + 1, #order) do found[#found + 1] = order[at][2] end
  return found
end
function commands.ZRANGEBYSCORE(key, _, most, _, _, limit)
  local _, order = sorted(key)
  local found = {}
  for at = 1, math.min(limit, #order) do
    if order[at][1] > most then break end
    found[#found + 1] = order[at][2]
  end
  return found
end
function commands.EXPIRE() end
redis = {call = function(name, ...) return commands[name](...) end}
KEYS = {'state', 'due', 'recent', 'roots'}
function read(...)
  local found = {}
  for at = 1, select('#', ...) do found[at] = hash('state')[select(at, ...)] or false end
  return unpack(found)
end
"""


class LuaRedis:
    """One project's state."""

    def __init__(self) -> None:
        self._lua = lua51.LuaRuntime()
        self._lua.execute(_COMMANDS)
        self._read = self._lua.globals().read
        self._touch = self._lua.eval(f"function(...) ARGV = {{...}}\n{source('prompt_cache')}\nend")

    def read(self, fields: Sequence[str]) -> list[str | None]:
        """The fields of the state, as the admission reads them."""
        values = self._read(*fields)
        return [value or None for value in (values if len(fields) > 1 else (values,))]

    def touch(self, arguments: Sequence[Any]) -> int:
        """Run `prompt_cache.lua`."""
        return int(self._touch(*map(str, arguments)))
