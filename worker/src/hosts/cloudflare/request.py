"""A caller's request, from a ``js.Request``."""

import json
from typing import Any

import js
from pyodide.ffi import JsException, create_proxy

from gateway.core import errors
from gateway.core.http import (
    Upload,
    declared_length,
)
from hosts.cloudflare import clock
from hosts.cloudflare.steps import TOO_LARGE, started, steps


class JsRequest:
    """A ``js.Request`` as a ``gateway.core.http.Request``."""

    def __init__(self, request: Any) -> None:
        self._request = request
        head = json.loads(steps().request_head(request))
        self.id: str = head[0]
        self.method: str = head[2]
        self._headers: dict[str, str] = head[4]
        clock.begins(head[1])
        # Always absolute and normalized: "https://host/path?query".
        address, _, self.query = head[3].partition("?")
        self.path: str = "/" + address.split("/", 3)[3]

    def header(self, name: str) -> str | None:
        """See ``Request``."""
        return self._headers.get(name)

    async def text(self, limit: int) -> str:
        """See ``Request``."""
        if declared_length(self) > limit:
            raise errors.too_large(limit)
        try:
            read = await started(steps().request_body, self._request, limit)
        except JsException as error:
            raise errors.InvalidRequest(
                "The body of this request did not arrive in full."
            ) from error
        if read == TOO_LARGE:
            raise errors.too_large(limit)
        body: bytes = read.to_bytes()
        coding = self.header("content-encoding")
        if coding is not None:
            return _decoded(body, coding, limit)
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise errors.InvalidJson("The body of your request is not valid UTF-8.") from error
        return text.removeprefix("\ufeff")

    def client_left(self) -> bool:
        """See ``Request``. Needs the compatibility flag ``enable_request_signal``."""
        return bool(self._request.signal.aborted)

    def stream(self, limit: int) -> Upload:
        """See ``Request``. A body that declares its length was checked before."""
        upload = Upload(self._request.body)
        if upload.source is not None and declared_length(self, unknown=limit + 1) > limit:
            upload.source = _counted(upload, limit)
        return upload


def _counted(upload: Upload, limit: int) -> Any:
    """The body, broken off when it is longer than ``limit``."""
    left = limit

    def transform(chunk: Any, controller: Any) -> None:
        nonlocal left
        left -= chunk.byteLength
        if left >= 0:
            controller.enqueue(chunk)
            return
        upload.failure = errors.too_large(limit)
        controller.error(str(upload.failure))
        release()

    def release(_: Any = None) -> None:
        for proxy in proxies:
            proxy.destroy()

    proxies = [create_proxy(transform), create_proxy(release)]
    counting = js.Object.new()
    counting.transform, counting.flush = proxies
    counting.cancel = proxies[1]
    # Not cancelled: a client that is still sending must be able to finish, to read the answer.
    return upload.source.pipeThrough(js.TransformStream.new(counting), preventCancel=True)


def _decoded(body: bytes, coding: str, limit: int) -> str:
    from hosts.content_coding import BodyReader  # few requests need it

    reader = BodyReader(coding, limit)
    reader.feed(body)
    return reader.text()
