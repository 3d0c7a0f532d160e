"""Requests with large bodies, served by a process of their own.

Parsing, normalizing, hashing and encoding some megabytes of JSON block Python's interpreter for
hundreds of milliseconds, with threads too, and so all requests of the process. A request with a
large body is therefore handed to a second process that runs the same application: its ASGI messages
go over a Unix socket, one connection for each request. That process starts with the first such
request.

A message is a kind (one byte), a length (four bytes, big endian) and so many bytes.
"""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import struct
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from gateway import app as application
from gateway.admission.auth import presented_key
from gateway.core import errors
from gateway.core.log import log_event
from hosts.cpython.asgi import Message, Receive, Scope, Send
from hosts.cpython.request import AsgiRequest

HEAD, BODY, END = b"H", b"B", b"E"
MODULE = "hosts.cpython.large_body_process"
_HEADER = struct.Struct(">cI")
_BACKLOG = 128
_CLOSING_SECONDS = 8.0
_RESTART_SECONDS = 1.0
_IDLE_SECONDS = 20.0
"""How long a client that sends its body may send nothing of it."""
_SLOWEST = 50_000
"""Bytes a second that a client sends at least, or its body is given up: it holds a share of
``most``."""
_DENSITY = {"/v1/embeddings": 128}
"""Path → how many times more work a request is than the size of its body suggests. An embeddings
answer has some thousand numbers for each short input."""
_CODED = 32
"""The same factor for a compressed body, which becomes larger."""


_LOST = errors.ProcessAway("This request could not be finished. Please retry.")
_BUSY = errors.ProcessAway(
    "Too many large requests are under way here. Please retry.", headers=[("retry-after", "5")]
)


class ProcessLost(Exception):
    """The process ended, or broke off, before the response was complete."""


def frame(kind: bytes, data: bytes = b"") -> bytes:
    """One message."""
    return _HEADER.pack(kind, len(data)) + data


async def read_frame(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """One message. Raises ``IncompleteReadError`` or ``OSError`` when the other side is gone."""
    kind, size = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    return kind, await reader.readexactly(size) if size else b""


def dump_head(head: dict[str, Any]) -> bytes:
    """A scope or the start of a response: values are texts, numbers and pairs of bytes."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head["headers"]]
    return json.dumps({**head, "headers": pairs}).encode()


def load_head(data: bytes) -> dict[str, Any]:
    """The inverse."""
    head: dict[str, Any] = json.loads(data)
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head["headers"]]
    return {**head, "headers": pairs}


class LargeBodies:
    """The way to the process, from the one that clients talk to.

    ``least``: bytes of a body from which on it is large. ``most``: bytes of all bodies whose
    requests are under way, which the process holds in memory, parsed; one request always is let in,
    and the further ones of a key take half of it at most, so that others find room.
    ``longest``: what counts for a body that does not tell its length. ``idle``: seconds for which a
    client may send nothing of its body.
    """

    def __init__(self, least: int, most: int, longest: int, *, idle: float = _IDLE_SECONDS) -> None:
        self._least = least
        self._most = most
        self._longest = longest
        self._idle = idle
        self._under_way: Counter[str] = Counter()
        """By the key that a request brings, whether it is known or not."""
        self._process: asyncio.subprocess.Process | None = None
        self._listening: socket.socket | None = None
        self._folder = ""
        self._watcher: asyncio.Task[None] | None = None

    async def takes(self, scope: Scope, receive: Receive) -> tuple[bool, Receive]:
        """Whether this request's body is large; and ``receive``, from its first message on.

        Only where a body is parsed: what is passed through is streamed. A body that does not tell
        its length is read until it is known to be large.
        """
        if scope["method"] != "POST":
            return False, receive
        path, _ = application.canonical(scope["path"])
        if "POST" not in application.ROUTES.get(path, {}):
            return False, receive
        headers = dict(scope["headers"])
        coded = _CODED if b"content-encoding" in headers else 1
        least = self._least // max(coded, _DENSITY.get(path, 1))
        length = headers.get(b"content-length", b"")
        if length.isdigit():
            return int(length[:16]) >= least, receive
        return await _look_ahead(receive, least)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the process answer. A ``503`` when it ends too early, or has enough to do."""
        size, key = self._size(scope), _key(scope, receive)
        own, all_of_them = self._under_way[key], self._under_way.total()
        if (own and own + size > self._most // 2) or (
            all_of_them and all_of_them + size > self._most
        ):
            await _discard(receive, self._longest)
            await _refuse(scope, send, _BUSY)
            return
        self._under_way[key] += size
        try:
            await self._serve(scope, receive, send, patience=size / _SLOWEST + self._idle)
        finally:
            self._under_way[key] -= size
            if not self._under_way[key]:
                del self._under_way[key]

    def _size(self, scope: Scope) -> int:
        """Bytes of the body, once it is decoded, at most."""
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        if b"content-encoding" in headers or not length.isdigit():
            return self._longest
        return min(int(length[:16]), self._longest)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, *, patience: float) -> None:
        reader, writer = await self._connect()
        head = {name: scope[name] for name in ("type", "method", "path")}
        head |= {"query_string": scope["query_string"].decode("latin-1")}
        writer.write(frame(HEAD, dump_head({**head, "headers": scope["headers"]})))
        uploading = asyncio.ensure_future(upload(receive, writer, self._idle, patience))
        try:
            await _download(reader, send)
        except ProcessLost:
            log_event("large_body_process_lost", "error", path=scope["path"])
            await _refuse(scope, send, _LOST)
        finally:
            uploading.cancel()
            writer.close()

    async def close(self) -> None:
        """Let the process finish what it has begun, and end it."""
        if self._watcher is not None:
            self._watcher.cancel()
            # It may be starting a process this very moment, which it then ends.
            await asyncio.gather(self._watcher, return_exceptions=True)
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            assert process.stdin is not None  # noqa: S101 (it was started with a pipe)
            process.stdin.close()  # closing it tells the process to end
            try:
                await asyncio.wait_for(process.wait(), _CLOSING_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._listening is not None:
            self._listening.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._listening = None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connections wait in the socket's queue until the process takes them."""
        if self._listening is None:
            self._folder = tempfile.mkdtemp(prefix="watchllm-edge-")  # nobody else may enter it
            self._listening = socket.socket(socket.AF_UNIX)
            self._listening.bind(self._path)
            self._listening.listen(_BACKLOG)
            self._watcher = asyncio.ensure_future(self._keep_running(self._listening.fileno()))
        return await asyncio.open_unix_connection(self._path)

    @property
    def _path(self) -> str:
        return str(Path(self._folder) / "socket")

    async def _keep_running(self, listening: int) -> None:
        while True:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", MODULE, str(listening)),
                stdin=asyncio.subprocess.PIPE,
                pass_fds=(listening,),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            code = await self._process.wait()
            log_event("large_body_process_ended", "error", code=code)
            await asyncio.sleep(_RESTART_SECONDS)


def _key(scope: Scope, receive: Receive) -> str:
    """The key that the request brings, whatever header it is in; empty without one."""
    try:
        return presented_key(AsgiRequest(scope, receive))
    except errors.AuthenticationError:
        return ""


async def _look_ahead(receive: Receive, least: int) -> tuple[bool, Receive]:
    seen: list[Message] = []
    size = 0
    more = True
    while more and size < least:
        message = await receive()
        seen.append(message)
        size += len(message.get("body", b""))
        more = bool(message.get("more_body"))

    async def again() -> Message:
        return seen.pop(0) if seen else await receive()

    return size >= least, again


async def upload(
    receive: Receive, writer: asyncio.StreamWriter, idle: float, patience: float
) -> None:
    """The body; then the connection's end when the client leaves. Of a body that does not come for
    ``idle`` seconds, or not whole within ``patience``, the process is told that it ends."""
    try:
        more = True
        async with asyncio.timeout(patience):
            while more:
                async with asyncio.timeout(idle):
                    message = await receive()
                if message["type"] == "http.disconnect":
                    break
                if body := message.get("body"):
                    writer.write(frame(BODY, body))
                more = bool(message.get("more_body"))
                if not more:
                    writer.write(frame(END))
                await writer.drain()
        while not more and (await receive())["type"] != "http.disconnect":
            pass
        writer.close()
    except TimeoutError:
        writer.write_eof()  # it answers all the same
    except OSError:
        pass  # the process is gone; who reads its response sees that


async def _download(reader: asyncio.StreamReader, send: Send) -> None:
    """Raises ``ProcessLost`` as long as nothing of the response was sent."""
    try:
        _, data = await read_frame(reader)
    except (OSError, asyncio.IncompleteReadError) as error:
        raise ProcessLost from error
    await send({"type": "http.response.start", **load_head(data)})
    while True:
        kind, data = await read_frame(reader)
        await send({"type": "http.response.body", "body": data, "more_body": kind != END})
        if kind == END:
            return


async def _discard(receive: Receive, most: int) -> None:
    """Read a body that nobody wants: a client that is still sending does not read its answer."""
    more = True
    while more and most > 0:
        message = await receive()
        most -= len(message.get("body", b""))
        more = bool(message.get("more_body"))


async def _refuse(scope: Scope, send: Send, error: errors.ProcessAway) -> None:
    path, _ = application.canonical(scope["path"])
    response = errors.response(error, errors.dialect(path))
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    body = str(response.body).encode()
    with contextlib.suppress(OSError, RuntimeError):
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
