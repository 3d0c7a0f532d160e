"""The ASGI application: ``gateway.platform.cpython:app`` for any ASGI server."""

import os
import socket
from collections.abc import (
    AsyncIterator,
)
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import app as application
from gateway.core import errors, settings
from gateway.core.http import (
    FetchFailed,
    Live,
    Response,
)
from gateway.core.log import log_event
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from gateway.reporting import writer
from hosts.cpython.asgi import Receive, Scope, Send
from hosts.cpython.host import CPythonPlatform
from hosts.cpython.large_bodies import LargeBodies
from hosts.cpython.request import AsgiRequest
from hosts.cpython.resp import RedisAddress, RespClient
from hosts.cpython.spool_file import SpoolFolder
from hosts.cpython.streams import SplitBody

if TYPE_CHECKING:
    from hosts.cpython.metrics import Metrics
    from hosts.cpython.postgres import Database

_GRACE_SECONDS = 5.0
"""Seconds for work after responses, when the process is told to end."""


class App:
    """The ASGI application. Settings are read from the environment at start-up.

    ``relays``: whether large bodies go to a process of their own.
    """

    def __init__(self, *, relays: bool = True) -> None:
        self._platform: CPythonPlatform | None = None
        self._runtime: Runtime | None = None
        self._large: LargeBodies | None = None
        self._metrics: Metrics | None = None
        self._relays = relays and hasattr(socket, "AF_UNIX")  # not on Windows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        if scope["type"] == "http":
            runtime = self.runtime()
            if self._metrics is not None:
                self._metrics.start()
            if self._large is not None:
                takes, receive = await self._large.takes(scope, receive)
                if takes:
                    await self._large.serve(scope, receive, send)
                    return
            request = AsgiRequest(scope, receive)
            try:
                with self._metrics.request() if self._metrics else nullcontext() as responded:
                    response = await self._handle(request)
                    if responded is not None:
                        responded(response)
                    if response.status == errors.BodyTooLarge.status and not isinstance(
                        response.body, Live
                    ):
                        await request.discard(runtime.settings.max_body_bytes)
                    await _send(response, request, send)
            finally:
                request.close()
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _handle(self, request: AsgiRequest) -> Response:
        if self._metrics is not None and request.path == "/metrics" and request.method == "GET":
            return self._metrics.answer(request.header("authorization"))
        return await application.handle(self.runtime(), self._host(), request)

    def runtime(self) -> Runtime:
        """Built on first use; raises ``SettingsError`` naming a bad variable."""
        if self._runtime is None:
            self._runtime = Runtime(settings.load(os.environ, DEFAULT_BASE_URLS))
            if self._relays:
                self._large = _large_bodies(self._runtime.settings)
            if self._runtime.settings.metrics_token:
                self._metrics = _metrics(self._runtime)
        return self._runtime

    def _host(self) -> CPythonPlatform:
        if self._platform is None:
            values = self.runtime().settings
            url = values.redis_tcp_url
            redis = RespClient(RedisAddress.parse(url)) if url else None
            database = _database(values.database_url) if values.database_url else None
            self._platform = CPythonPlatform(values.max_answer_bytes, redis, database)
        return self._platform

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self.runtime()
            self._host()
        except settings.SettingsError as error:
            log_event("settings_invalid", "error", reason=str(error))
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        if (folder := self._spool()) is not None:
            self._host().wait_until(folder.restore())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.finish()
        await send({"type": "lifespan.shutdown.complete"})

    async def finish(self) -> None:
        """Complete what responses have left to do, and close everything."""
        if self._large is not None:
            await self._large.close()
        if self._metrics is not None:
            self._metrics.stop()
        platform = self._host()
        await platform.finish(_GRACE_SECONDS)
        pending = self.runtime().outbox.pending
        if pending.rows:
            # On disk first: whoever stops this process may not wait until the stores have answered.
            written = await self._write_spool()
            await writer.deliver(platform, self.runtime().outbox)
            if written is not None and not pending.rows:
                written.unlink(missing_ok=True)
        await platform.close()

    def _spool(self) -> SpoolFolder | None:
        folder = self.runtime().settings.usage_spool_dir
        return SpoolFolder(Path(folder), self._host(), self.runtime().outbox) if folder else None

    async def _write_spool(self) -> Path | None:
        folder = self._spool()
        if folder is None:
            return None
        try:
            return await folder.write(list(self.runtime().outbox.pending.rows.values()))
        except OSError as error:
            log_event("spool_file_not_written", "error", reason=str(error))
            return None


def _database(url: str) -> "Database | None":
    from hosts.cpython.postgres import Database, unsuitable  # a driver that most do not need

    if reason := unsuitable(url):
        log_event("rows_not_direct", "info", reason=reason)
        return None
    return Database(url)


def _metrics(runtime: Runtime) -> "Metrics":
    Path(runtime.settings.metrics_folder).mkdir(parents=True, exist_ok=True)
    from hosts.cpython.metrics import Metrics  # what it imports looks for the folder

    metrics = Metrics(runtime)
    runtime.outbox.when_finished = metrics.finished
    return metrics


def _large_bodies(values: settings.Settings) -> LargeBodies:
    return LargeBodies(values.large_body_bytes, values.large_bodies_bytes, values.max_body_bytes)


async def _send(response: Response, request: AsgiRequest, send: Send) -> None:
    headers = [
        (name.encode(), value.encode("latin-1", "replace")) for name, value in response.headers
    ]
    body = response.body
    start = {"type": "http.response.start", "status": response.status, "headers": headers}
    if isinstance(body, str | bytes):
        data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        headers.append((b"content-length", str(len(data)).encode()))
        await send(start)
        await send({"type": "http.response.body", "body": data})
        return
    await send(start)
    await _send_live(body, request, send)


async def _send_live(body: Live, request: AsgiRequest, send: Send) -> None:
    source: SplitBody = body.source
    request.when_left(source.leave)
    try:
        async for chunk in _filled(source.client_chunks(), body):
            if source.client_left():
                return
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except FetchFailed as error:
        # The status has already been sent. SDKs turn an error event into an exception.
        await send({"type": "http.response.body", "body": body.broken(error)})
    except (OSError, RuntimeError):
        source.leave()


async def _filled(chunks: AsyncIterator[bytes], body: Live) -> AsyncIterator[bytes]:
    """The client's stream, transformed. An empty chunk stands for silence, and is replaced by
    filler where that is allowed."""
    transform = body.transform
    filler = body.keep_alive
    async for chunk in chunks:
        if chunk:
            data = transform(chunk) if transform else chunk
            if filler is not None:
                filler.sent(data)
        else:
            data = filler.filler() if filler is not None else b""
        if data:
            yield data
    if transform and (rest := transform(b"")):
        yield rest


app = App()
