"""A server that sends exactly the bytes that a test wrote down, for any answer HTTP allows or not.

    async with raw_server(b"HTTP/1.0 200 OK\r\n\r\nhello") as server:
        server.url                  # http://127.0.0.1:<port>
        server.requests             # what arrived, head and body, oldest first
        server.sent                 # bytes that its callers have taken so far
        await server.broken_off.wait()   # a caller did not want an answer to its end

The answer is one value or an async generator of bytes; the connection is closed after it.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = bytes | Callable[[], AsyncIterator[bytes]]
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


@dataclass(slots=True)
class RawServer:
    """See the module's docstring."""

    answer: Answer
    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    sent: int = 0
    broken_off: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one answer."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
            self.requests.append(head + body)
            try:
                async for data in _pieces(self.answer):
                    writer.write(data)
                    await writer.drain()
                    self.sent += len(data)
            except ConnectionError:
                self.broken_off.set()
        writer.close()


async def _pieces(answer: Answer) -> AsyncIterator[bytes]:
    if isinstance(answer, bytes):
        yield answer
        return
    async for data in answer():
        yield data


@asynccontextmanager
async def raw_server(answer: Answer) -> AsyncIterator[RawServer]:
    """Listens on an ephemeral loopback port, in the test's own event loop."""
    server = RawServer(answer)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
