"""What one short exchange costs the CPython host in CPU: its own client beside aiohttp.

A server in another process answers every POST of 2 KB with 2 KB. Sixteen exchanges are under way at
a time, on kept connections and uvloop, as in production. CPU is this process's own; the clients
take turns, so that a machine that slows down slows both. See docs/adr/0003.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import aiohttp
import uvloop

_ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_ROOT / "shared" / "src"), str(_ROOT / "worker" / "src")]

from hosts.cpython.keepalive import KeepAliveClient  # noqa: E402 (its path is set above)

_BODY = "x" * 2_000
_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2000\r\n\r\n"
    + b"y" * 2_000
)
_HEADERS = [("authorization", "Bearer token"), ("content-type", "application/json")]
_AT_A_TIME = 16
_EXCHANGES = 4_000
_ROUNDS = 5

Exchange = Callable[[], Awaitable[None]]


def main() -> None:
    """Print microseconds of CPU an exchange for both clients, and the ratio."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.http_client"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        own, general = uvloop.run(_measure(f"http://127.0.0.1:{port}/"))
    finally:
        server.terminate()
        server.wait()
    print(f"{own:8.1f} µs  KeepAliveClient (median of {_ROUNDS} rounds of {_EXCHANGES})")
    print(f"{general:8.1f} µs  aiohttp")
    print(f"{general / own:8.1f} ×")


async def _measure(url: str) -> tuple[float, float]:
    client = KeepAliveClient()

    async def own() -> None:
        status, text = await client.call("POST", url, _HEADERS, _BODY, timeout=5)
        assert status == 200
        assert len(text) == 2_000

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=5),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
    ) as session:

        async def general() -> None:
            async with session.post(url, data=_BODY, headers=_HEADERS) as response:
                assert response.status == 200
                assert len(await response.text()) == 2_000

        await _cpu(own, _AT_A_TIME * 20)
        await _cpu(general, _AT_A_TIME * 20)
        rounds = [
            (await _cpu(own, _EXCHANGES), await _cpu(general, _EXCHANGES)) for _ in range(_ROUNDS)
        ]
    client.close()
    return statistics.median(r[0] for r in rounds), statistics.median(r[1] for r in rounds)


async def _cpu(exchange: Exchange, count: int) -> float:
    """Microseconds of this process's CPU for each of ``count`` exchanges."""

    async def worker() -> None:
        for _ in range(count // _AT_A_TIME):
            await exchange()

    began = time.process_time()
    await asyncio.gather(*(worker() for _ in range(_AT_A_TIME)))
    return (time.process_time() - began) / count * 1e6


class _Server(asyncio.Protocol):
    """Counts bytes instead of parsing: its requests are all alike."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        self._seen += data
        _head, separator, body = self._seen.partition(b"\r\n\r\n")
        if separator and len(body) >= len(_BODY):
            self._seen = b""
            self._transport.write(_ANSWER)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
