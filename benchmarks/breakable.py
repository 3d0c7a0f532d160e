"""A redis-server that can be frozen, killed and emptied, and a TCP relay that is slow, answers
nonsense or resets connections. Used by the soak test and the table of faults.
"""

import asyncio
import contextlib
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Literal, Self

import redis

from local_stack import ports

_START_SECONDS = 60.0
_CHUNK = 65536


class RedisServer:
    """One redis-server on a port of its own, with nothing on disk."""

    def __init__(self) -> None:
        self.port = ports.unused()
        self._process: subprocess.Popen[bytes] | None = None
        self._client = redis.Redis(port=self.port, socket_timeout=10, decode_responses=True)

    @property
    def url(self) -> str:
        """Past every relay."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty; return once it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            with contextlib.suppress(redis.RedisError, OSError):
                self._client.ping()
                return
            if time.monotonic() > deadline:
                raise RuntimeError("redis-server did not start")
            time.sleep(0.02)

    def command(self, *words: str | int) -> Any:
        """Run one command past every relay."""
        return self._client.execute_command(*words)

    def freeze(self) -> None:
        """SIGSTOP: connections are accepted by the kernel, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._client.connection_pool.disconnect()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)


class Relay:
    """Listens on a port of its own for as long as the block lasts, in a thread of its own.

    ``delay``: seconds that each write of a client is held back, in order, as on a slow network.
    ``reply``: what every command is answered with in place of the server; None: the server answers.
    ``resets``: each fifth connection is reset when a "request" comes, or in the first part of the
    "answer". All of them may be changed at any time, also for connections that are open.
    """

    def __init__(self, target: int) -> None:
        self.port = ports.unused()
        self.delay = 0.0
        self.reply: bytes | None = None
        self.resets: Literal["", "request", "answer"] = ""
        self._exchanges = 0
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """For REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def heal(self) -> None:
        """Relay at once again."""
        self.delay, self.reply, self.resets = 0.0, None, ""

    def refuse(self) -> None:
        """Listen no more, and end what is open."""
        self._run(self._close())

    def listen(self) -> None:
        """Listen again."""
        self._run(self._open())

    def __enter__(self) -> Self:
        self._thread.start()
        self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        behind: asyncio.StreamWriter | None = None
        try:
            answers, behind = await asyncio.open_connection("127.0.0.1", self._target)
            back = asyncio.create_task(self._back(answers, writer))
            try:
                await self._forward(reader, writer, behind)
            finally:
                back.cancel()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            for each in (writer, behind):
                if each is not None:
                    each.transport.abort()

    async def _back(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await answers.read(_CHUNK):
                if self._unlucky("answer"):
                    writer.write(data[: len(data) // 2])
                    await asyncio.sleep(0.02)  # what was sent arrives before the reset overtakes it
                    break
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        behind: asyncio.StreamWriter,
    ) -> None:
        waiting: deque[tuple[float, bytes]] = deque()
        counted = bytearray()
        read: asyncio.Task[bytes] | None = None
        try:
            while True:
                read = read or asyncio.ensure_future(reader.read(_CHUNK))
                wait = max(0.0, waiting[0][0] - self._loop.time()) if waiting else None
                await asyncio.wait({read}, timeout=wait)
                while waiting and waiting[0][0] <= self._loop.time():
                    behind.write(waiting.popleft()[1])
                if not read.done():
                    continue
                data, read = read.result(), None
                if not data:
                    return
                if self._unlucky("request"):
                    return
                if self.reply is not None:
                    counted += data
                    writer.write(self.reply * take_commands(counted))
                elif self.delay or waiting:
                    waiting.append((self._loop.time() + self.delay, data))
                else:
                    behind.write(data)
        finally:
            if read is not None:
                read.cancel()

    def _unlucky(self, stage: str) -> bool:
        if self.resets != stage:
            return False
        self._exchanges += 1
        return self._exchanges % 5 == 0


def take_commands(buffer: bytearray) -> int:
    """Remove the whole commands (RESP arrays of bulk strings) from its start; how many there were.

    What is no such array counts as one command and is dropped.
    """
    count = 0
    while buffer:
        end = _end_of_command(buffer)
        if end is None:
            return count
        del buffer[:end]
        count += 1
    return count


def _end_of_command(buffer: bytearray) -> int | None:
    line = buffer.find(b"\r\n")
    if line < 0:
        return None
    if buffer[:1] != b"*":
        return len(buffer)
    place = line + 2
    for _ in range(int(buffer[1:line])):
        line = buffer.find(b"\r\n", place)
        if line < 0:
            return None
        place = line + 2 + int(buffer[place + 1 : line]) + 2
        if place > len(buffer):
            return None
    return place
