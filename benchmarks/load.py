"""Put load on a local server and read what it cost: CPU of its whole process tree, per request.

CPU time says more than latency on a machine that does other things too; still, only ratios between
figures of one run mean anything. Linux only: it reads /proc.
"""

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_WARM_UP_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds per request."""

    cpu: float
    wall: float


def measure(port: int, pid: int, request: bytes, *, requests: int, connections: int = 16) -> Cost:
    """Send the same raw HTTP/1.1 request over kept-alive connections, all of them busy at once.

    Raises `RuntimeError` when an answer is not a 200.
    """
    open_connections = [_Connection(port) for _ in range(connections)]

    def round_trips(rounds: int) -> None:
        for _ in range(rounds):
            for connection in open_connections:
                connection.send(request)
            for connection in open_connections:
                connection.receive()

    rounds = max(1, requests // connections)
    round_trips(_WARM_UP_ROUNDS)
    before, started = cpu_seconds(pid), time.perf_counter()
    round_trips(rounds)
    wall, cpu = time.perf_counter() - started, cpu_seconds(pid) - before
    for connection in open_connections:
        connection.close()
    done = rounds * connections
    return Cost(cpu=cpu / done * 1e6, wall=wall / done * 1e6)


def post(path: str, body: bytes, **headers: str) -> bytes:
    """A raw POST request; underscores in header names become hyphens."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants, ended children not included."""
    return sum(_own_cpu_seconds(member) for member in _tree(pid))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _tree(int(child))


def _own_cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class _Connection:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def send(self, request: bytes) -> None:
        self._socket.sendall(request)

    def receive(self) -> None:
        while b"\r\n\r\n" not in self._buffer:
            self._read()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError((head + self._buffer).decode("utf-8", "replace"))
        length = _content_length(head)
        if length is None:
            while not self._buffer.endswith(b"0\r\n\r\n"):
                self._read()
            self._buffer = b""
        else:
            while len(self._buffer) < length:
                self._read()
            self._buffer = self._buffer[length:]

    def close(self) -> None:
        self._socket.close()

    def _read(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise RuntimeError("the server closed the connection")
        self._buffer += data


def _content_length(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return None
