"""One provider's stream read once, for the client and for the gateway's copy."""

import asyncio
from collections.abc import (
    AsyncIterator,
)

import aiohttp

from gateway.core import keep_alive
from gateway.core.http import (
    ClientStalled,
    FetchFailed,
)
from gateway.core.log import log_event
from gateway.core.platform import CLOSING_SECONDS
from hosts.cpython.aiohttp_client import AiohttpResponse, reason

_CLIENT_PATIENCE = 60.0
"""Seconds that a client may leave its stream unread."""
_QUEUED_CHUNKS = 32
_END = None


class SplitBody:
    """One upstream body, read once, for two readers.

    The pump waits for the client (a bounded queue), so a slow client slows the provider down
    instead of filling memory. When the client leaves, the pump goes on for the copy alone. A client
    that takes no chunk for a minute (or ``idle_timeout``) counts as gone: it must not hold up the
    copy, the provider's connection and the usage row.
    """

    def __init__(
        self, upstream: AiohttpResponse, first_timeout: float, idle_timeout: float
    ) -> None:
        self._response = upstream.raw
        self._begun = upstream.taken()
        self._patience = idle_timeout if self._begun else first_timeout
        self._idle_timeout = idle_timeout
        self._client_patience = min(idle_timeout, _CLIENT_PATIENCE)
        self._client: asyncio.Queue[bytes | FetchFailed | None] = asyncio.Queue(_QUEUED_CHUNKS)
        self._left = asyncio.Event()
        self._closes_at: float | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The copy. Reading it also drives the client's stream."""
        failure: FetchFailed | None = None
        try:
            while chunk := await self._next():
                await self._offer(chunk)
                yield chunk
        except FetchFailed as error:
            failure = error
            raise
        finally:
            # release() closes a connection that is not at its response's end.
            self._response.close() if failure else self._response.release()
            await self._offer(failure or _END)

    async def _next(self) -> bytes:
        """The next chunk; empty at the end."""
        if self._begun:
            return self._begun.pop(0)
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(self._closes_at or now + self._patience):
                chunk = await self._response.content.readany()
        except TimeoutError as error:
            if self._closes_at is not None:
                return b""
            raise FetchFailed("the stream stalled", timeout=True) from error
        except (aiohttp.ClientError, OSError) as error:
            if self._closes_at is not None:
                return b""
            raise FetchFailed(reason(error)) from error
        self._patience = self._idle_timeout
        return chunk

    async def _offer(self, item: bytes | FetchFailed | None) -> None:
        if self._left.is_set():
            return
        try:
            self._client.put_nowait(item)
        except asyncio.QueueFull:
            put = asyncio.ensure_future(self._client.put(item))
            left = asyncio.ensure_future(self._left.wait())
            done, _ = await asyncio.wait(
                (put, left), timeout=self._client_patience, return_when=asyncio.FIRST_COMPLETED
            )
            put.cancel()
            left.cancel()
            if not done:
                self._strand()

    def _strand(self) -> None:
        """Give up on a client that does not read: an error replaces the chunks that wait for it."""
        while not self._client.empty():
            self._client.get_nowait()
        self._client.put_nowait(ClientStalled("the client stopped reading"))
        self.leave()

    async def client_chunks(self, silence: float = keep_alive.SECONDS) -> AsyncIterator[bytes]:
        """The client's reader: an empty chunk for each ``silence`` seconds without one. Raises
        ``FetchFailed`` where the upstream broke."""
        while True:
            try:
                async with asyncio.timeout(silence):
                    item = await self._client.get()
            except TimeoutError:
                yield b""
                continue
            if item is _END:
                return
            if isinstance(item, FetchFailed):
                raise item
            yield item

    def leave(self) -> None:
        """The client is gone."""
        self._left.set()

    def ends(self) -> None:
        """See ``Copy``."""
        self._closes_at = asyncio.get_running_loop().time() + CLOSING_SECONDS

    def client_left(self) -> bool:
        """See ``Copy``."""
        return self._left.is_set()

    async def cancel(self) -> None:
        """See ``Copy``."""
        self._response.close()


async def drain(copy: SplitBody) -> None:
    """Drive the client's stream; stop when the client leaves."""
    try:
        async for _ in copy:
            if copy.client_left():
                await copy.cancel()
    except FetchFailed as error:
        log_event("relay_broken", "warning", reason=str(error))
