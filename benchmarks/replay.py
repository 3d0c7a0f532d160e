"""How long a hit's stream lets its reader wait for the first event.

One question is asked once, and then again and again over one connection to the CPython host, one
request after the other. Measured is the time from the request to the first bytes of the body, for a
short and for a long answer; Redis and the provider are local doubles.
"""

import json
import re
import socket
import statistics
import time
from urllib.parse import urlsplit

from benchmarks.load import post
from tests.worker.edge import Edge

_REQUESTS = 1_500
_WORDS = {"2 KB": 350, "64 KB": 11_000}


def main() -> None:
    """Print p50 and p95 in milliseconds for each length."""
    with Edge("cpython", STORE_TIMEOUT_MS="2000") as edge:
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
            print(f"hit of {length:5}: first event after {p50:.2f} ms (p50), {p95:.2f} ms (p95)")


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
