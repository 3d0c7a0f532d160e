"""A caller's request, from an ASGI scope."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Callable,
    Iterable,
)

from gateway.core import errors
from gateway.core.http import (
    Upload,
    declared_length,
)
from hosts.content_coding import BodyReader
from hosts.cpython.asgi import Receive, Scope


class AsgiRequest:
    """An ASGI scope as a ``gateway.core.http.Request``."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: str = scope["query_string"].decode("latin-1")
        self._headers = _joined(scope["headers"])
        self._receive = receive
        self._ended = False
        self._watcher: asyncio.Task[None] | None = None

    def header(self, name: str) -> str | None:
        """See ``Request``."""
        return self._headers.get(name)

    async def text(self, limit: int) -> str:
        """See ``Request``."""
        if declared_length(self) > limit:
            raise errors.too_large(limit)
        body = BodyReader(self.header("content-encoding"), limit)
        while not self._ended:
            body.feed(await self._next())
        return body.text()

    def stream(self, limit: int) -> Upload:
        """See ``Request``."""
        upload = Upload(None)
        upload.source = self._counted(upload, limit)
        return upload

    async def _counted(self, upload: Upload, limit: int) -> AsyncIterator[bytes]:
        left = limit
        try:
            async for chunk in self._chunks():
                left -= len(chunk)
                if left < 0:
                    raise errors.too_large(limit)
                yield chunk
        except errors.GatewayError as error:
            upload.failure = error
            raise

    async def _chunks(self) -> AsyncIterator[bytes]:
        """The body as the server reads it."""
        while not self._ended:
            if chunk := await self._next():
                yield chunk

    async def _next(self) -> bytes:
        """The body's next bytes; often the only ones, and sometimes none."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise errors.InvalidRequest("The body of this request did not arrive in full.")
        self._ended = not message.get("more_body")
        chunk: bytes = message.get("body") or b""
        return chunk

    def client_left(self) -> bool:
        """See ``Request``. Starts to watch the connection at its first call."""
        if self._watcher is None and self._ended:
            self._watcher = asyncio.ensure_future(self._watch())
        return self._watcher is not None and self._watcher.done()

    def when_left(self, act: Callable[[], None]) -> None:
        """Have ``act`` called when the client leaves before ``close``. The body has been read."""
        if self._watcher is None:
            self._watcher = asyncio.ensure_future(self._watch())

        def gone(watcher: asyncio.Task[None]) -> None:
            if not watcher.cancelled():
                act()

        self._watcher.add_done_callback(gone)

    def close(self) -> None:
        """The response is sent: stop watching the connection."""
        if self._watcher is not None:
            self._watcher.cancel()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def discard(self, limit: int) -> None:
        """Read the rest of the body, up to ``limit`` bytes, before an early answer: a client that
        is still sending when the server closes never reads the answer."""
        if self._ended:
            return
        try:
            async for chunk in self._chunks():
                limit -= len(chunk)
                if limit < 0:
                    return
        except errors.InvalidRequest:
            return


def _joined(lines: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header lines by name; those that repeat are one list (RFC 9110, 5.3), as on every host."""
    headers: dict[str, str] = {}
    for line in lines:
        name, value = line[0].decode("latin-1"), line[1].decode("latin-1")
        earlier = headers.get(name)
        headers[name] = value if earlier is None else f"{earlier}, {value}"
    return headers
