"""Reading JavaScript's streams, and the two branches of a provider's."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from pyodide.ffi import JsException

from gateway.core.http import (
    AnswerTooLarge,
    FetchFailed,
)
from gateway.core.platform import CLOSING_SECONDS, CopyGivenUp

_MOST_COPIED = 32 * 2**20
"""Bytes of a stream. A teed body keeps for the slower reader what the faster one has read, and the
copy may be far ahead of a slow client: no stream of tokens is this long."""


async def read_all(stream: Any, *, limit: int | None = None, enough: int | None = None) -> bytes:
    """The bytes of a stream. ``enough``: stop after so many; over ``limit``: ``AnswerTooLarge``."""
    reader = stream.getReader()
    chunks: list[bytes] = []
    size = 0
    while enough is None or size < enough:
        read = await reader.read()
        if read.done:
            return b"".join(chunks)
        size += read.value.byteLength
        if limit is not None and size > limit:
            reader.cancel()
            raise AnswerTooLarge(limit)
        chunks.append(read.value.to_bytes())
    reader.cancel()  # not awaited: the promise of a teed branch waits for the other one
    return b"".join(chunks)


class ClientBranch:
    """The client's branch of a teed body. Where nothing has to be changed in it, JavaScript sends
    it as it is; else its chunks are read here."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.ends = False
        self._reader: Any = None
        self._waiting = False
        self._overdue = False

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Raises ``FetchFailed`` where the upstream breaks before its end."""
        self._reader = reader = self.stream.getReader()
        ended = False
        try:
            while True:
                self._waiting = True
                read = await self._next()
                self._waiting = False
                if read is None or read.done:
                    break
                yield read.value.to_bytes()
            ended = True
        except JsException as error:
            ended = True
            if not self.ends:
                raise js_failure(error) from error
        finally:
            if not ended:
                reader.cancel()
            reader.releaseLock()

    def leave(self) -> None:
        """Cancel the branch: the client is gone, and its branch would keep every chunk that nobody
        reads."""
        (self._reader or self.stream).cancel()

    async def _next(self) -> Any:
        reading = self._reader.read()
        if not self._overdue:
            return await reading
        try:
            return await asyncio.wait_for(reading, CLOSING_SECONDS)
        except TimeoutError:
            self._reader.cancel()
            return None

    def close_when_read(self) -> bool:
        """End it once the client has read what was sent. False when it is not read here."""
        self._overdue = True
        if self._waiting:
            self._reader.cancel()
        return self._reader is not None


class CopyReader:
    """The gateway's branch of a teed body."""

    def __init__(
        self,
        branch: Any,
        client: ClientBranch,
        timeouts: tuple[float, float],
        controller: Any,
        signal: Any,
    ) -> None:
        """``timeouts``: seconds until the first chunk, and until each later one."""
        self._client = client
        self._reader = branch.getReader()
        self._signal = signal
        self._timeouts = timeouts
        self._controller = controller

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """See ``Copy``."""
        copied = 0
        while True:
            patience = self._timeouts[1 if copied else 0]
            try:
                read = await asyncio.wait_for(self._reader.read(), patience)
            except TimeoutError as error:
                # Ends the client's branch too, which would wait for ever.
                self._controller.abort()
                raise FetchFailed("the stream stalled", timeout=True) from error
            except JsException as error:
                raise js_failure(error) from error
            if read.done:
                return
            copied += read.value.byteLength
            if copied > _MOST_COPIED:
                self._reader.cancel()
                raise CopyGivenUp
            yield read.value.to_bytes()

    def ends(self) -> None:
        """See ``Copy``. A client's branch that JavaScript sends ends only when the provider's
        stream does."""
        self._client.ends = True
        asyncio.get_running_loop().call_later(CLOSING_SECONDS, self._close)

    def _close(self) -> None:
        if self._client.close_when_read():
            self._reader.cancel()

    def client_left(self) -> bool:
        """See ``Copy``. A teed branch is not told when the other one is cancelled: the request's
        signal is, with the compatibility flag ``enable_request_signal``."""
        return bool(self._signal.aborted)

    async def cancel(self) -> None:
        """See ``Copy``. The promise of a teed branch waits for the other one: not awaited."""
        self._reader.cancel()


def js_failure(error: JsException) -> FetchFailed:
    return FetchFailed(str(error), timeout="imeout" in str(error) or "bort" in str(error))
