"""Serves requests with large bodies: ``python -m hosts.cpython.large_body_process FD``.

``FD``: the listening Unix socket that it inherits. It ends when its standard input ends. The parent
holds that open, so the process ends even when the parent is killed.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from typing import Any

import uvloop

from hosts.cpython.application import App
from hosts.cpython.asgi import Message
from hosts.cpython.large_bodies import BODY, END, HEAD, dump_head, frame, load_head, read_frame

_GRACE_SECONDS = 5.0
_NICENESS = 5
"""Where processors are scarce, small requests come first."""


class Connection:
    """One request, as ASGI's ``receive`` and ``send``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._uploaded = False
        self._ending: asyncio.Task[None] | None = None

    async def scope(self) -> dict[str, Any]:
        """What the request begins with."""
        _, data = await read_frame(self._reader)
        head = load_head(data)
        return {**head, "query_string": head["query_string"].encode("latin-1")}

    async def receive(self) -> Message:
        """See ASGI."""
        if self._uploaded:
            await self._end()
            return {"type": "http.disconnect"}
        try:
            kind, data = await read_frame(self._reader)
        except (OSError, asyncio.IncompleteReadError):
            self._uploaded = True
            return {"type": "http.disconnect"}
        self._uploaded = kind == END
        return {"type": "http.request", "body": data, "more_body": not self._uploaded}

    async def send(self, message: Message) -> None:
        """See ASGI."""
        if message["type"] == "http.response.start":
            head = {"status": message["status"], "headers": message["headers"]}
            self._writer.write(frame(HEAD, dump_head(head)))
            return
        kind = BODY if message.get("more_body") else END
        self._writer.write(frame(kind, message.get("body", b"")))
        await self._writer.drain()

    async def close(self) -> None:
        """Wait for the other side to close: a connection that is closed with something unread loses
        what was sent."""
        await self._end()
        self._writer.close()

    async def _end(self) -> None:
        """Return when the other side has closed. Only one task may read: the one that watches for a
        client that leaves may still be running when the response is complete."""
        if self._ending is None:
            self._ending = asyncio.ensure_future(self._drain())
        await asyncio.shield(self._ending)

    async def _drain(self) -> None:
        with contextlib.suppress(OSError):
            while await self._reader.read(2**16):
                pass


async def run(listening: int) -> None:
    """Serve until standard input ends."""
    app = App(relays=False)
    app.runtime()
    open_requests: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine runs in one)
        open_requests.add(task)
        connection = Connection(reader, writer)
        try:
            await app(await connection.scope(), connection.receive, connection.send)
            await connection.close()
        except (OSError, asyncio.IncompleteReadError):
            writer.close()  # the parent is gone
        finally:
            open_requests.discard(task)

    server = await asyncio.start_unix_server(serve, sock=socket.socket(fileno=listening))
    ended = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(ended), sys.stdin)
    await ended.read()
    server.close()
    if open_requests:
        await asyncio.wait(open_requests, timeout=_GRACE_SECONDS)
    await app.finish()


if __name__ == "__main__":
    # A terminal's Ctrl-C and a supervisor's SIGTERM reach it too: the parent says when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(_NICENESS)
    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(run(int(sys.argv[1])))
