"""The semantic index on a real redis-server: time, memory and recall as a scope grows.

`SIZES=1000,100000,1000000` names the sizes (the last takes some minutes and 4 GB). Codes are
random, a query is an entry's code with some bits flipped: the distances at which paraphrases lie.
Times are Redis's own for the whole look-up of 48 probes, as its slow log reports them.
"""

import os
import random
import statistics
from typing import Any

import redis

from gateway.redis import scripts
from shared.embedding import filed
from tests.doubles.redis_process import redis_process

_PREFIX = "00000000-0000-0000-0000-000000000000:sem:scope:"
_ADD = f"""{scripts.source("clock", "insert", "unhex")}
local now = now_ms()
for i = 2, #ARGV, 2 do
  local id = unhex(string.sub(ARGV[i + 1], 1, 16))
  local record = '1:' .. ARGV[i + 1] .. ':' .. string.rep('x', 120)
  insert(ARGV[1], unhex(ARGV[i]), id, 86400000, record, 10000000, now)
end
"""
_FIND = f"{scripts.source('nearest')}return nearest(ARGV[1], ARGV[2], ARGV[3], 88, 8, 0)"
_QUERIES = 300
_DISTANCES = (16, 24, 32, 40)


def main() -> None:
    """Print a row for each size."""
    sizes = [int(size) for size in os.environ.get("SIZES", "1000,100000").split(",")]
    print("entries  p50 ms  p95 ms  KB/entry  recall of the mate at distance", *_DISTANCES)
    for size in sizes:
        with redis_process() as url:
            _measure(redis.Redis.from_url(url, socket_timeout=600), size)


def _measure(client: Any, size: int) -> None:
    chance = random.Random(size)
    codes = [chance.getrandbits(256) for _ in range(size)]
    before = client.info("memory")["used_memory"]
    add = client.register_script(_ADD)
    for start in range(0, size, 500):
        arguments = [_PREFIX]
        for number in range(start, min(start + 500, size)):
            arguments += [f"{codes[number]:064x}", f"{number:016x}".ljust(64, "0")]
        add(args=arguments)
    used = client.info("memory")["used_memory"] - before
    client.config_set("slowlog-log-slower-than", 0)
    client.config_set("slowlog-max-len", 10_000)
    find = client.register_script(_FIND)
    find(args=[_PREFIX, f"{codes[0]:064x}", _probes(codes[0], chance)])
    client.slowlog_reset()
    recalls = []
    for distance in _DISTANCES:
        found = 0
        for _ in range(_QUERIES):
            mate = chance.randrange(size)
            code = codes[mate]
            for bit in chance.sample(range(256), distance):
                code ^= 1 << bit
            answer = find(args=[_PREFIX, f"{code:064x}", _probes(code, chance)])
            found += any(int(record.split(b":")[1][:16], 16) == mate for _, record in answer)
        recalls.append(found / _QUERIES)
    times = sorted(
        item["duration"] / 1000
        for item in client.slowlog_get(10_000)
        if item["command"].startswith(b"EVALSHA")
    )
    print(
        f"{size:7}  {statistics.median(times):6.2f}  {times[int(len(times) * 0.95)]:6.2f}"
        f"  {used / size / 1024:8.2f}  ",
        *(f"{recall:.3f}" for recall in recalls),
    )


def _probes(code: int, chance: random.Random) -> str:
    """A code's own bands and two neighbours each; random codes have no margins to choose by."""
    probes = ""
    for band, value in enumerate(filed(code)):
        probes += f"{band:x}{value:04x}"
        for bit in chance.sample(range(16), 2):
            probes += f"{band:x}{value ^ (1 << bit):04x}"
    return probes
