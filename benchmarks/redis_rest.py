"""What one EVALSHA over REST costs the local server, with each of its stores.

Beside it PING, which is the server without a store's work.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load import measure, post
from local_stack import ports
from tests.doubles.redis_process import redis_process, redis_server_missing

_TOKEN = "benchmark"  # noqa: S105 - guards nothing
_REQUESTS = 8_000
_SCRIPT = """
local n = redis.call('INCR', KEYS[1])
local fields = redis.call('HMGET', KEYS[2], 'a', 'b')
return {n, fields, redis.call('GET', KEYS[3])}
"""


def main() -> None:
    """Print microseconds of CPU per round trip."""
    _report("embedded", None)
    reason = redis_server_missing()
    if reason:
        print(f"redis-server: not measured, {reason}")
        return
    with redis_process() as url:
        _report("redis-server", url)


def _report(store: str, redis_url: str | None) -> None:
    with _server(redis_url) as (port, pid):
        sha = _command(port, "SCRIPT", "LOAD", _SCRIPT)
        _command(port, "SET", "value", "x" * 2000)
        script = ["EVALSHA", sha, 3, "count", "hash", "value"]
        for name, command in (("PING", ["PING"]), ("EVALSHA", script)):
            request = post("/", json.dumps(command).encode(), Authorization=f"Bearer {_TOKEN}")
            cost = measure(port, pid, request, requests=_REQUESTS)
            print(f"{store:>12} {name:8} {cost.cpu:6.0f} µs CPU {cost.wall:6.0f} µs wall")


@contextmanager
def _server(redis_url: str | None) -> Iterator[tuple[int, int]]:
    port = ports.unused()
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "tools"),
        "UPSTASH_REDIS_REST_TOKEN": _TOKEN,
        "REDIS_URL": redis_url or "",
    }
    command = [sys.executable, "-m", "local_stack.redis_rest", "--port", str(port)]
    process = subprocess.Popen(command, env=environment)
    try:
        while True:
            try:
                _command(port, "PING")
                break
            except OSError:
                time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def _command(port: int, *command: str) -> str:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}",
        data=json.dumps(command).encode(),
        headers={"Authorization": f"Bearer {_TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
        return str(json.load(response)["result"])
