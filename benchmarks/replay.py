"""How long a hit's stream lets its reader wait for the first event.

One question is asked once, and then again and again over one connection to the CPython host, one
request after the other. Measured is the time from the request to the first bytes of the body, for a
short and for a long answer. Redis is a real one where redis-server is installed, behind a local
double of Upstash's REST API and, where the build takes `REDIS_URL`, by its own connection; without
one it is emulated in Python, which takes longer than the edge does. The provider is a local double.
"""

import json
import re
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib.util import find_spec
from urllib.parse import urlsplit

from benchmarks.load import post
from tests.doubles.redis_process import redis_process, redis_server_missing
from tests.worker.edge import Edge

_REQUESTS = 1_500
_WORDS = {"2 KB": 350, "64 KB": 11_000}


def main() -> None:
    """Print p50 and p95 in milliseconds for each length."""
    for way, running in _edges():
        _measure(way, running)


def _edges() -> Iterator[tuple[str, AbstractContextManager[Edge]]]:
    """Each way to Redis, and an edge that takes it."""
    if reason := redis_server_missing():
        print(f"Redis is emulated: {reason}")
        yield "REST", Edge("cpython", STORE_TIMEOUT_MS="2000")
        return
    with redis_process() as url:
        yield "REST", Edge("cpython", redis_url=url, STORE_TIMEOUT_MS="2000")
        if find_spec("hosts"):  # builds before this package know no other way than REST
            yield "RESP", Edge("cpython", redis_url=url, REDIS_URL=url, STORE_TIMEOUT_MS="2000")


def _measure(way: str, running: AbstractContextManager[Edge]) -> None:
    with running as edge:
        tenant = edge.tenant(plan={"requests_per_minute": 1_000_000})
        port = urlsplit(edge.base_url).port or 80
        for length, words in _WORDS.items():
            edge.openai.say("words " * words)
            body = {
                "model": "gpt-4o-mini",
                "stream": True,
                "messages": [{"role": "user", "content": f"Say {length}."}],
            }
            tenant.post("/v1/chat/completions", body)
            edge.settled()
            headers = {"Authorization": f"Bearer {tenant.key}"}
            request = post("/v1/chat/completions", json.dumps(body).encode(), **headers)
            with socket.create_connection(("127.0.0.1", port)) as connection:
                waits = [_first_event(connection, request) for _ in range(_REQUESTS)][100:]
            p50, p95 = statistics.median(waits), statistics.quantiles(waits, n=20)[-1]
            times = f"{p50:.2f} ms (p50), {p95:.2f} ms (p95)"
            print(f"{way}, hit of {length:5}: first event after {times}")


def _first_event(connection: socket.socket, request: bytes) -> float:
    """Milliseconds; the rest of the answer is read, too."""
    began = time.perf_counter()
    connection.sendall(request)
    received = bytearray()
    waited = 0.0
    while not _is_whole(received):
        part = connection.recv(65_536)
        if not part:
            raise RuntimeError(f"closed after {bytes(received[:500])!r}")
        received += part
        if not waited and b"data: " in received:
            waited = (time.perf_counter() - began) * 1000
    if b"x-watchllm-cache: HIT\r\n" not in received:
        raise RuntimeError(f"no hit: {bytes(received[:500])!r}")
    return waited


def _is_whole(received: bytearray) -> bool:
    """Whether the response has ended, by its length or by its last chunk."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = re.search(rb"content-length: (\d+)", received[:end], re.IGNORECASE)
    if length:
        return len(received) >= end + 4 + int(length[1])
    return received.endswith(b"\r\n0\r\n\r\n")


if __name__ == "__main__":
    main()
