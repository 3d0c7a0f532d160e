"""A provider's answer, from a ``js.Response``."""

import json
from typing import Any

import js
from pyodide.ffi import JsException

from gateway.core.http import (
    AnswerTooLarge,
    FetchFailed,
)
from hosts.cloudflare import clock
from hosts.cloudflare.steps import awaited, is_late, is_too_large, started, steps
from hosts.cloudflare.streams import js_failure

_BEGINNING = 16
"""How many bytes tell the kind of a body."""


class JsResponse:
    """A ``js.Response`` as a ``gateway.core.http.UpstreamResponse``."""

    status: int
    headers: dict[str, str]

    def __init__(
        self, response: Any, controller: Any, deadline: float, max_answer_bytes: int
    ) -> None:
        self.controller = controller
        self.status, self.headers = json.loads(steps().response_head(response))
        self._raw = response
        self._deadline = deadline
        self._limit = max_answer_bytes

    @property
    def body(self) -> Any:
        """The stream that has not been read yet; None where there is none."""
        return self._raw.body or None

    async def begin(self) -> bytes:
        """See ``UpstreamResponse``. A body cannot be put back, so it is teed."""
        body = self.body
        if body is None:
            return b""
        branch, rest = body.tee()
        self._raw = js.Response.new(rest)
        reader = branch.getReader()
        chunks: list[bytes] = []
        try:
            while sum(map(len, chunks)) < _BEGINNING:
                chunk = await started(steps().chunk, reader, self._left())
                if chunk is None:
                    return b"".join(chunks)
                chunks.append(chunk.to_bytes())
        except JsException as error:
            raise self._failure(error) from error
        reader.cancel()  # not awaited: the promise of a teed branch waits for the other one
        return b"".join(chunks)

    async def text(self) -> str:
        """See ``UpstreamResponse``."""
        reading = started(steps().response_text, self._raw, self._limit, self._left())
        try:
            text: str = (await reading).to_bytes().decode()
        except JsException as error:
            raise self._failure(error) from error
        return text

    async def close(self) -> None:
        """See ``UpstreamResponse``."""
        body = self.body
        if body is not None:
            await awaited(body.cancel())

    def _left(self) -> int:
        """Milliseconds."""
        return round(max(self._deadline - clock.monotonic(), 0.001) * 1000)

    def _failure(self, error: JsException) -> FetchFailed:
        if is_too_large(error):
            return AnswerTooLarge(self._limit)
        if is_late(error):
            self.controller.abort()
            return FetchFailed("the answer did not arrive in time", timeout=True)
        return js_failure(error)
