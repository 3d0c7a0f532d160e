"""A service's answer, from a ``js.Response``."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import js
from pyodide.ffi import JsException

from gateway.core.http import (
    AnswerTooLarge,
    FetchFailed,
)
from hosts.cloudflare import clock
from hosts.cloudflare.streams import js_failure, read_all

_T = TypeVar("_T")
_BEGINNING = 16
"""How many bytes tell the kind of a body."""


class JsResponse:
    """A ``js.Response`` as a ``gateway.core.http.UpstreamResponse``."""

    def __init__(
        self, response: Any, controller: Any, deadline: float, max_answer_bytes: int
    ) -> None:
        self.raw = response
        self.body = response.body
        self.controller = controller
        self.status: int = response.status
        self._deadline = deadline
        self._limit = max_answer_bytes
        self._teed = False
        self._headers: dict[str, str] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Read on demand: most answers of Redis and Supabase are never asked for theirs."""
        if self._headers is None:
            self._headers = {item[0]: item[1] for item in self.raw.headers}
        return self._headers

    async def begin(self) -> bytes:
        """See ``UpstreamResponse``. A body cannot be put back, so it is teed."""
        if self.body is None:
            return b""
        branch, self.body = self.body.tee()
        self._teed = True
        return await self._in_time(read_all(branch, enough=_BEGINNING))

    async def text(self) -> str:
        """See ``UpstreamResponse``."""
        whole = js.Response.new(self.body) if self._teed else self.raw
        return await self._in_time(bounded_text(whole, self._limit))

    async def close(self) -> None:
        """See ``UpstreamResponse``."""
        if self.body is not None:
            await self.body.cancel()

    async def _in_time(self, reading: Coroutine[Any, Any, _T]) -> _T:
        left = max(self._deadline - clock.monotonic(), 0.001)
        try:
            return await asyncio.wait_for(reading, left)
        except TimeoutError as error:
            self.controller.abort()
            raise FetchFailed("the answer did not arrive in time", timeout=True) from error
        except JsException as error:
            raise js_failure(error) from error


async def bounded_text(response: Any, limit: int) -> str:
    """The text of a ``js.Response``. Raises ``AnswerTooLarge`` and closes the connection where the
    body has more than ``limit`` bytes once it is decompressed.

    Where nothing is compressed and the length is declared, JavaScript reads it all at once.
    """
    if response.body is None:
        return ""
    declared = response.headers.get("content-length") or ""
    length = int(declared) if declared.isdigit() else None
    if length is not None and length > limit:
        response.body.cancel()
        raise AnswerTooLarge(limit)
    if length is not None and not response.headers.get("content-encoding"):
        text: str = await response.text()
        return text
    data = await read_all(response.body, limit=limit)
    return data.decode("utf-8", "replace").removeprefix("\ufeff")
