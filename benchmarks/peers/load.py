"""Requests over kept-alive connections, each busy all the time, and what CPU a process tree took.

Linux only: it reads /proc.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httptools

_TICKS = os.sysconf("SC_CLK_TCK")
_REST_SECONDS = 0.3
_MOST_REST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds from sending a request: until the first byte of the body, and until its end."""

    first: float
    whole: float


async def ask(
    port: int, request: Callable[[], bytes], *, seconds: float = 0.0, connections: int = 1
) -> list[Waits]:
    """Send what ``request`` makes for so long, at least once on each connection.

    Raises ``RuntimeError`` for an answer that is not a 200.
    """
    until = time.perf_counter() + seconds

    async def caller() -> list[Waits]:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, "127.0.0.1", port)
        try:
            waits = [await connection.exchange(request())]
            while time.perf_counter() < until:
                waits.append(await connection.exchange(request()))
        finally:
            connection.close()
        return waits

    done = await asyncio.gather(*(caller() for _ in range(connections)))
    return [waits for each in done for waits in each]


class _Connection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._answer: asyncio.Future[Waits] | None = None

    def exchange(self, request: bytes) -> "asyncio.Future[Waits]":
        self._parser = httptools.HttpResponseParser(self)
        self._answer = asyncio.get_running_loop().create_future()
        self._received = b""
        self._first = 0.0
        self._sent = time.perf_counter()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received = (self._received + data)[-2_000:]
        self._parser.feed_data(data)

    def connection_lost(self, _: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(RuntimeError(f"closed after {self._received!r}"))

    def on_body(self, body: bytes) -> None:
        if not self._first and body:
            self._first = time.perf_counter() - self._sent

    def on_message_complete(self) -> None:
        whole = time.perf_counter() - self._sent
        if self._answer is None or self._answer.done():
            return
        if self._parser.get_status_code() == 200:
            self._answer.set_result(Waits(self._first, whole))
        else:
            self._answer.set_exception(RuntimeError(f"not a 200: {self._received!r}"))


def post(path: str, body: bytes, key: str) -> bytes:
    """A raw POST of JSON."""
    return (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes and their descendants, ended children included."""
    return sum(_own_cpu_seconds(member) for pid in pids for member in tree(pid))


def cpu_at_rest(pids: Iterable[int]) -> float:
    """``cpu_seconds`` once it has not grown for a while: what comes after the answers is done."""
    pids = list(pids)
    until = time.monotonic() + _MOST_REST_SECONDS
    used = cpu_seconds(pids)
    while time.monotonic() < until:
        time.sleep(_REST_SECONDS)
        before, used = used, cpu_seconds(pids)
        if used - before < 1.5 / _TICKS:
            break
    return used


def tree(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))
    except OSError:  # it has ended meanwhile
        return


def resident_mebibytes(pid: int) -> float:
    """Of the largest process of the tree."""
    statuses = [Path(f"/proc/{member}/status").read_text() for member in tree(pid)]
    return max(int(text.partition("VmRSS:")[2].split()[0]) for text in statuses) / 1024


def _own_cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS
