"""Reading JavaScript's streams, and the two branches of a provider's."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from pyodide.ffi import JsException

from gateway.core.http import FetchFailed
from gateway.core.platform import CLOSING_SECONDS, CopyGivenUp
from hosts.cloudflare.steps import is_late, started, steps

_MOST_COPIED = 32 * 2**20
"""Bytes of a stream. A teed body keeps for the slower reader what the faster one has read, and the
copy may be far ahead of a slow client: no stream of tokens is this long."""
_NO_LIMIT = 2**31 - 1
"""Milliseconds: the longest that JavaScript's timers take."""


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
                chunk = await self._next()
                self._waiting = False
                if chunk is None:
                    break
                yield chunk.to_bytes()
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
        try:
            limit = round(CLOSING_SECONDS * 1000) if self._overdue else _NO_LIMIT
            return await started(steps().chunk, self._reader, limit)
        except JsException as error:
            if not is_late(error):
                raise
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
                chunk = await started(steps().chunk, self._reader, round(patience * 1000))
            except JsException as error:
                if not is_late(error):
                    raise js_failure(error) from error
                # Ends the client's branch too, which would wait for ever.
                self._controller.abort()
                raise FetchFailed("the stream stalled", timeout=True) from error
            if chunk is None:
                return
            data = chunk.to_bytes()
            copied += len(data)
            if copied > _MOST_COPIED:
                self._reader.cancel()
                raise CopyGivenUp
            yield data

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
