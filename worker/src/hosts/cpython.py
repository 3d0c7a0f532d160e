"""The CPython host: an ASGI application for self-hosting and for the local stack.

Serve ``gateway.platform.cpython:app`` with any ASGI server (the local stack uses granian). One
aiohttp session for each process and event loop is the HTTP client.
"""

import asyncio
import os
import socket
import time
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from typing import Any

import aiohttp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from multidict import CIMultiDict

from gateway import app as application
from gateway.core import errors, keep_alive, settings
from gateway.core.http import (
    AddressRefused,
    ClientStalled,
    FetchFailed,
    Live,
    Response,
    Unsendable,
    Upload,
    UpstreamResponse,
    declared_length,
)
from gateway.core.log import log_event
from gateway.core.platform import CLOSING_SECONDS
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from gateway.reporting import writer
from hosts.aiohttp_client import AiohttpResponse, new_session, reason
from hosts.content_coding import BodyReader
from hosts.keepalive import MAX_ANSWER_BYTES, KeepAliveClient
from hosts.large_bodies import LargeBodies, Receive, Scope, Send
from hosts.public_addresses import NotPublicError
from hosts.resp import RedisAddress, RespClient

_GRACE_SECONDS = 5.0
"""For work after responses, when the process is told to end."""
_CLIENT_PATIENCE = 60.0
"""Seconds that a client may leave its stream unread."""
_QUEUED_CHUNKS = 32
_END = None


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
        value = self._headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    async def text(self, limit: int) -> str:
        """See ``Request``."""
        if declared_length(self) > limit:
            raise errors.too_large(limit)
        body = BodyReader(self.header("content-encoding"), limit)
        async for chunk in self._chunks():
            body.feed(chunk)
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
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise errors.InvalidRequest("The client left before its request was complete.")
            if body := message.get("body"):
                yield body
            if not message.get("more_body"):
                self._ended = True
                return

    def client_left(self) -> bool:
        """See ``Request``. Looks from its first call on."""
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
        """The response is sent: nobody looks for the client any more."""
        if self._watcher is not None:
            self._watcher.cancel()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def discard(self, limit: int) -> None:
        """Read on, up to ``limit`` bytes, before an answer that came too early for the client:
        one that is still sending when the server closes never reads why."""
        if self._ended:
            return
        try:
            async for chunk in self._chunks():
                limit -= len(chunk)
                if limit < 0:
                    return
        except errors.InvalidRequest:
            return


def _joined(lines: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Header lines by name; those that repeat are one list (RFC 9110, 5.3), as on every host."""
    headers: dict[bytes, bytes] = {}
    for name, value in lines:
        earlier = headers.get(name)
        headers[name] = value if earlier is None else earlier + b", " + value
    return headers


class SplitBody:
    """One upstream body, read once, for two readers.

    The pump waits for the client (a bounded queue), so a slow client slows the provider down
    instead of filling memory. When the client leaves, the pump goes on for the copy alone; one that
    takes no chunk for a minute (or ``idle_timeout``) counts as gone, or it would hold up the copy,
    the provider's connection and the usage row for as long as it likes.
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
        """The copy: reading it is what drives the client's stream too."""
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
        """Give up on a client that does not read: what waits for it makes room for an error."""
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


class CPythonPlatform:
    """``Platform`` on asyncio, aiohttp and ``cryptography``. One serves every request."""

    has_queue = False
    reads_streams = True

    def __init__(
        self, max_answer_bytes: int = MAX_ANSWER_BYTES, redis: RespClient | None = None
    ) -> None:
        self._redis = redis
        self._max_answer_bytes = max_answer_bytes
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._keepalive = KeepAliveClient(max_answer_bytes)
        self._background: set[asyncio.Task[None]] = set()

    @property
    def has_redis(self) -> bool:
        """See ``Platform``."""
        return self._redis is not None

    def now(self) -> float:
        """See ``Platform``."""
        return time.time()

    def monotonic(self) -> float:
        """See ``Platform``."""
        return time.monotonic()

    def request_id(self) -> str:
        """See ``Platform``."""
        return os.urandom(16).hex()

    async def sleep(self, seconds: float) -> None:
        """See ``Platform``."""
        await asyncio.sleep(seconds)

    async def fetch(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: Any = None,
        *,
        timeout: float,
        connect_timeout: float | None = None,
        public_only: bool = False,
    ) -> UpstreamResponse:
        """See ``Platform``."""
        deadline = asyncio.get_running_loop().time() + timeout
        upload = body if isinstance(body, Upload) else Upload(body)
        sent = upload.source
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._session(public_only=public_only).request(
                    method,
                    url,
                    data=sent.encode() if isinstance(sent, str) else sent,
                    headers=CIMultiDict(headers),
                    timeout=aiohttp.ClientTimeout(sock_connect=connect_timeout or timeout),
                    allow_redirects=False,
                )
        except TimeoutError as error:
            raise FetchFailed(f"no answer within {timeout:g} s", timeout=True) from error
        except aiohttp.ClientConnectorError as error:
            kind = AddressRefused if isinstance(error.os_error, NotPublicError) else FetchFailed
            raise kind(reason(error)) from error
        except aiohttp.ClientResponseError as error:
            raise FetchFailed(reason(error), answered=True) from error
        except aiohttp.InvalidURL as error:
            # Not an address that aiohttp reads: where it may only be a public one, it is none.
            raise (AddressRefused if public_only else Unsendable)(reason(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise upload.failure or FetchFailed(reason(error)) from error
        except ValueError as error:  # a header that cannot be sent
            raise Unsendable(reason(error)) from error
        return AiohttpResponse(response, deadline, self._max_answer_bytes)

    async def call(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: str | bytes,
        *,
        timeout: float,
    ) -> tuple[int, str]:
        """See ``Platform``."""
        return await self._keepalive.call(method, url, headers, body, timeout=timeout)

    async def redis(self, command: Sequence[Any], *, timeout: float) -> Any:
        """See ``Platform``."""
        assert self._redis is not None  # noqa: S101 (asked for only where has_redis)
        return await self._redis.execute(command, timeout)

    def split(
        self, upstream: UpstreamResponse, *, first_timeout: float, idle_timeout: float
    ) -> tuple[SplitBody, SplitBody]:
        """See ``Platform``."""
        assert isinstance(upstream, AiohttpResponse)  # noqa: S101 (only fetch() makes them)
        body = SplitBody(upstream, first_timeout, idle_timeout)
        return body, body

    def relay(self, upstream: UpstreamResponse, *, idle_timeout: float) -> SplitBody:
        """See ``Platform``."""
        source, copy = self.split(upstream, first_timeout=idle_timeout, idle_timeout=idle_timeout)
        self.wait_until(_drain(copy))
        return source

    def wait_until(self, work: Coroutine[Any, Any, None]) -> None:
        """See ``Platform``."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._done)

    async def enqueue(self, message: str) -> None:  # noqa: ARG002 (queues are Cloudflare's)
        """See ``Platform``."""
        raise FetchFailed("this host has no queue")

    async def run_model(
        self,
        model: str,  # noqa: ARG002 (Workers AI is Cloudflare's)
        inputs: Mapping[str, Any],  # noqa: ARG002
        *,
        timeout: float,  # noqa: ARG002
    ) -> dict[str, Any]:
        """See ``Platform``."""
        raise FetchFailed("this host has no Workers AI binding")

    async def seal(self, key: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """See ``Platform``."""
        nonce = os.urandom(12)
        return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)

    async def unseal(self, key: bytes, sealed: bytes, aad: bytes) -> bytes:
        """See ``Platform``."""
        try:
            return AESGCM(key).decrypt(sealed[:12], sealed[12:], aad)
        except (InvalidTag, ValueError) as error:
            raise ValueError("does not open") from error

    async def finish(self, seconds: float) -> None:
        """Wait for background work; cancel what is not done by then (it waits to try again)."""
        if self._background:
            _, late = await asyncio.wait(self._background, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def close(self) -> None:
        """Close every connection."""
        self._keepalive.close()
        if self._redis is not None:
            self._redis.close()
        for session in self._sessions.values():
            await session.close()

    def _session(self, *, public_only: bool) -> aiohttp.ClientSession:
        session = self._sessions.get(public_only)
        if session is None:
            session = self._sessions[public_only] = new_session(public_only=public_only)
        return session

    def _done(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log_event("background_failed", "error", error=f"{type(error).__name__}: {error}")


async def _drain(copy: SplitBody) -> None:
    """Drive the client's stream; stop when the client leaves."""
    try:
        async for _ in copy:
            if copy.client_left():
                await copy.cancel()
    except FetchFailed as error:
        log_event("relay_broken", "warning", reason=str(error))


class App:
    """The ASGI application. Settings are read from the environment at start-up.

    ``relays``: whether large bodies go to a process of their own.
    """

    def __init__(self, *, relays: bool = True) -> None:
        self._platform: CPythonPlatform | None = None
        self._runtime: Runtime | None = None
        self._large: LargeBodies | None = None
        self._relays = relays and hasattr(socket, "AF_UNIX")  # not on Windows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        if scope["type"] == "http":
            runtime = self.runtime()
            if self._large is not None:
                takes, receive = await self._large.takes(scope, receive)
                if takes:
                    await self._large.serve(scope, receive, send)
                    return
            request = AsgiRequest(scope, receive)
            try:
                response = await application.handle(runtime, self._host(), request)
                if response.status == errors.BodyTooLarge.status and not isinstance(
                    response.body, Live
                ):
                    await request.discard(runtime.settings.max_body_bytes)
                await _send(response, request, send)
            finally:
                request.close()
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    def runtime(self) -> Runtime:
        """Built on first use; raises ``SettingsError`` naming a bad variable."""
        if self._runtime is None:
            self._runtime = Runtime(settings.load(os.environ, DEFAULT_BASE_URLS))
            if self._relays:
                self._large = LargeBodies(self._runtime.settings.large_body_bytes)
        return self._runtime

    def _host(self) -> CPythonPlatform:
        if self._platform is None:
            url = self.runtime().settings.redis_tcp_url
            redis = RespClient(RedisAddress.parse(url)) if url else None
            self._platform = CPythonPlatform(self.runtime().settings.max_answer_bytes, redis)
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
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.finish()
        await send({"type": "lifespan.shutdown.complete"})

    async def finish(self) -> None:
        """Complete what responses have left to do, and close everything."""
        if self._large is not None:
            await self._large.close()
        platform = self._host()
        await platform.finish(_GRACE_SECONDS)
        outbox = self.runtime().outbox
        if outbox.pending.rows:
            await writer.deliver(platform, outbox)
        await platform.close()


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
        # The status is long sent: an error event is what SDKs turn into an exception.
        await send({"type": "http.response.body", "body": body.broken(error)})
    except (OSError, RuntimeError):
        source.leave()


async def _filled(chunks: AsyncIterator[bytes], body: Live) -> AsyncIterator[bytes]:
    """The client's stream, transformed; its silence (an empty chunk) filled where it may be."""
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
