"""The Cloudflare host (and Pyodide under Node): the only module that touches JavaScript.

Written by the costs measured in workerd: few awaits, few wrapper objects, responses built by
``js.Response`` itself. JavaScript objects live no longer than their request.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import js
from pyodide.ffi import JsException, create_proxy, to_js

from gateway import app as application
from gateway.core import errors, settings
from gateway.core.http import (
    AnswerTooLarge,
    FetchFailed,
    Live,
    Response,
    Upload,
    UpstreamResponse,
    declared_length,
)
from gateway.core.log import log_event
from gateway.core.platform import CLOSING_SECONDS, CopyGivenUp
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from gateway.reporting import writer

_runtimes: list[Runtime] = []
_crypto_keys: dict[bytes, Any] = {}
_MAX_CRYPTO_KEYS = 1_000
_MAX_ANSWER_BYTES = 16 * 2**20
"""The default of the setting on this host: an isolate has 128 MB for everything."""
_BEGINNING = 16
"""Bytes that tell what a body is."""
_T = TypeVar("_T")
_QUEUE = "USAGE_QUEUE"
_AI = "AI"
_MOST_COPIED = 32 * 2**20
"""Bytes of a stream. A teed body keeps for the slower reader what the faster one has read, and the
copy may be far ahead of a slow client: no stream of tokens is as long as this."""


async def serve(request: Any, env: Any, ctx: Any) -> Any:
    """Answer a JavaScript ``Request`` with a ``Response``."""
    platform = CloudflarePlatform(env, ctx, request)
    response = await application.handle(_runtime(env), platform, JsRequest(request))
    return _to_js(response)


async def consume(batch: Any, env: Any, ctx: Any) -> None:
    """Store a batch of the usage queue. Returning acknowledges its messages."""
    messages = [message.body for message in batch.messages]
    if not await writer.consume(CloudflarePlatform(env, ctx), _runtime(env).outbox, messages):
        batch.retryAll()


async def tick(env: Any, ctx: Any) -> None:
    """The cron trigger: write what an outage left behind, even when no request comes, and let the
    dashboard do what is due there.
    """
    from gateway.reporting import dashboard  # no request needs it

    runtime = _runtime(env)
    runtime.outbox.pending.next_drain = runtime.outbox.pending.next_refused = 0.0
    platform = CloudflarePlatform(env, ctx)
    await writer.deliver(platform, runtime.outbox)
    await dashboard.tick(platform, runtime.settings)


def _runtime(env: Any) -> Runtime:
    """This isolate's runtime, built at its first request: settings come from ``env``."""
    if not _runtimes:
        names = set(settings.variables(DEFAULT_BASE_URLS)) - {
            "REDIS_URL"
        }  # a Worker has no sockets
        values = {name: value for name in names if (value := getattr(env, name, None))}
        values.setdefault("MAX_ANSWER_BYTES", str(_MAX_ANSWER_BYTES))
        _runtimes.append(Runtime(settings.load(values, DEFAULT_BASE_URLS)))
    return _runtimes[0]


class JsRequest:
    """A ``js.Request`` as a ``gateway.core.http.Request``."""

    def __init__(self, request: Any) -> None:
        # Always absolute and normalized: "https://host/path?query".
        address, _, self.query = request.url.partition("?")
        self.method: str = request.method
        self.path: str = "/" + address.split("/", 3)[3]
        self._request = request
        # All at once: each look at a JavaScript object costs more than a dictionary's.
        headers = js.JSON.stringify(js.Object.fromEntries(request.headers))
        self._headers: dict[str, str] = json.loads(headers)

    def header(self, name: str) -> str | None:
        """See ``Request``."""
        return self._headers.get(name)

    async def text(self, limit: int) -> str:
        """See ``Request``. JavaScript replaces bytes that are not UTF-8."""
        if declared_length(self) > limit:
            raise errors.too_large(limit)
        try:
            coding = self.header("content-encoding")
            if coding is not None:
                return await self._decoded(coding, limit)
            text: str = await self._request.text()
        except JsException as error:
            raise errors.InvalidRequest(
                "The client left before its request was complete."
            ) from error
        if len(text) > limit or (len(text) * 4 > limit and len(text.encode()) > limit):
            raise errors.too_large(limit)
        return text

    def client_left(self) -> bool:
        """See ``Request``. Needs the compatibility flag ``enable_request_signal``."""
        return bool(self._request.signal.aborted)

    async def _decoded(self, coding: str, limit: int) -> str:
        from hosts.content_coding import BodyReader  # few requests need it

        body = BodyReader(coding, limit)
        body.feed((await self._request.arrayBuffer()).to_bytes())
        return body.text()

    def stream(self, limit: int) -> Upload:
        """See ``Request``. A body that tells its length was looked at before."""
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
        return await self._in_time(_read(branch, enough=_BEGINNING))

    async def text(self) -> str:
        """See ``UpstreamResponse``."""
        whole = js.Response.new(self.body) if self._teed else self.raw
        return await self._in_time(_bounded_text(whole, self._limit))

    async def close(self) -> None:
        """See ``UpstreamResponse``."""
        if self.body is not None:
            await self.body.cancel()

    async def _in_time(self, reading: Coroutine[Any, Any, _T]) -> _T:
        left = max(self._deadline - _monotonic(), 0.001)
        try:
            return await asyncio.wait_for(reading, left)
        except TimeoutError as error:
            self.controller.abort()
            raise FetchFailed("the answer did not arrive in time", timeout=True) from error
        except JsException as error:
            raise _failed(error) from error


async def _bounded_text(response: Any, limit: int) -> str:
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
    data = await _read(response.body, limit=limit)
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


async def _read(stream: Any, *, limit: int | None = None, enough: int | None = None) -> bytes:
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
                raise _failed(error) from error
        finally:
            if not ended:
                reader.cancel()
            reader.releaseLock()

    def leave(self) -> None:
        """The client is gone: its branch would keep every chunk that nobody reads."""
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
                raise _failed(error) from error
            if read.done:
                return
            copied += read.value.byteLength
            if copied > _MOST_COPIED:
                self._reader.cancel()
                raise CopyGivenUp
            yield read.value.to_bytes()

    def ends(self) -> None:
        """See ``Copy``. A client's branch that JavaScript sends has no end but the provider's."""
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


_latest = [0.0]


def _now() -> float:
    """Not ``time.time()``: while a Worker's clock stands, that runs ahead by 1 ms with each
    reading, and falls back when the clock moves."""
    return float(js.Date.now()) / 1000


def _monotonic() -> float:
    """A Worker has no clock but the wall's; where that is set back, time stands for a while."""
    _latest[0] = max(_latest[0], _now())
    return _latest[0]


class CloudflarePlatform:
    """``Platform`` for one request, or for work that no request asked for."""

    def __init__(self, env: Any, ctx: Any, request: Any = None) -> None:
        self._env = env
        self._request = request
        self._ctx = ctx

    reads_streams = False

    @property
    def has_queue(self) -> bool:
        """See ``Platform``."""
        return bool(getattr(self._env, _QUEUE, None))

    has_redis = False

    def now(self) -> float:
        """See ``Platform``."""
        return _now()

    def monotonic(self) -> float:
        """See ``Platform``."""
        return _monotonic()

    def request_id(self) -> str:
        """See ``Platform``."""
        identifier: str = js.crypto.randomUUID()
        return identifier.replace("-", "")

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
        connect_timeout: float | None = None,  # noqa: ARG002 (fetch() does not tell connecting apart)
        public_only: bool = False,  # noqa: ARG002 (a Worker is in no private network)
    ) -> UpstreamResponse:
        """See ``Platform``."""
        controller = js.AbortController.new()
        deadline = _monotonic() + timeout
        timer = asyncio.get_running_loop().call_later(timeout, controller.abort)
        upload = body if isinstance(body, Upload) else Upload(body)
        try:
            answer = await _fetch(method, url, headers, upload.source, controller.signal)
            return JsResponse(answer, controller, deadline, self._max_answer_bytes())
        except asyncio.CancelledError:
            controller.abort()
            raise
        except JsException as error:
            if upload.failure is not None:
                raise upload.failure from error
            aborted = bool(controller.signal.aborted)
            raise FetchFailed(
                f"no answer within {timeout:g} s" if aborted else str(error), timeout=aborted
            ) from error
        finally:
            timer.cancel()

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
        signal = js.AbortSignal.timeout(round(timeout * 1000))
        try:
            response = await _fetch(method, url, headers, body, signal)
            return response.status, await _bounded_text(response, self._max_answer_bytes())
        except JsException as error:
            raise _failed(error) from error

    def split(
        self, upstream: UpstreamResponse, *, first_timeout: float, idle_timeout: float
    ) -> tuple[ClientBranch, CopyReader]:
        """See ``Platform``. ``tee()`` streams live and its copy survives the client's leaving."""
        assert isinstance(upstream, JsResponse)  # noqa: S101 (only fetch() makes them)
        branch, copy = upstream.body.tee()
        client = ClientBranch(branch)
        signal = self._request.signal
        timeouts = (first_timeout, idle_timeout)
        return client, CopyReader(copy, client, timeouts, upstream.controller, signal)

    def relay(self, upstream: UpstreamResponse, *, idle_timeout: float) -> ClientBranch:  # noqa: ARG002
        """See ``Platform``. The runtime streams it; its own idle limits hold."""
        assert isinstance(upstream, JsResponse)  # noqa: S101 (only fetch() makes them)
        return ClientBranch(upstream.body)

    def _max_answer_bytes(self) -> int:
        return _runtime(self._env).settings.max_answer_bytes

    def wait_until(self, work: Coroutine[Any, Any, None]) -> None:
        """See ``Platform``. A bare task would be dropped with the response."""
        self._ctx.waitUntil(_guarded(work))

    async def redis(self, command: Sequence[Any], *, timeout: float) -> Any:  # noqa: ARG002
        """See ``Platform``."""
        raise FetchFailed("a Worker asks Redis by HTTP")

    async def enqueue(self, message: str) -> None:
        """See ``Platform``."""
        try:
            await getattr(self._env, _QUEUE).send(message, contentType="text")
        except JsException as error:
            raise FetchFailed(str(error)) from error

    async def run_model(
        self, model: str, inputs: Mapping[str, Any], *, timeout: float
    ) -> dict[str, Any]:
        """See ``Platform``."""
        binding = getattr(self._env, _AI, None)
        if not binding:
            raise FetchFailed(f"no Workers AI binding named {_AI}")
        try:
            # The SDK turns what goes in and what comes out into JavaScript's and Python's values.
            running = binding.run(model, dict(inputs))
            answer: dict[str, Any] = await asyncio.wait_for(running, timeout)
        except TimeoutError as error:
            raise FetchFailed("the model did not answer in time", timeout=True) from error
        except JsException as error:
            raise _failed(error) from error
        return answer

    async def seal(self, key: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """See ``Platform``."""
        nonce = js.crypto.getRandomValues(js.Uint8Array.new(12))
        sealed = await js.crypto.subtle.encrypt(
            _gcm(nonce, aad), await _imported(key), to_js(plaintext)
        )
        return bytes(nonce.to_bytes()) + bytes(sealed.to_bytes())

    async def unseal(self, key: bytes, sealed: bytes, aad: bytes) -> bytes:
        """See ``Platform``."""
        try:
            opened = await js.crypto.subtle.decrypt(
                _gcm(to_js(sealed[:12]), aad), await _imported(key), to_js(sealed[12:])
            )
        except JsException as error:
            raise ValueError("does not open") from error
        return bytes(opened.to_bytes())


def _fetch(
    method: str, url: str, headers: Sequence[tuple[str, str]], body: Any, signal: Any
) -> Any:
    """The promise of ``fetch``. Keyword arguments cross into JavaScript as one object, headers as
    one JSON text: an object built property by property would cross once for each.
    """
    options: dict[str, Any] = {"method": method, "redirect": "manual", "signal": signal}
    if body is not None:
        # A bytes object would be sent as the text "b'…'".
        options["body"] = to_js(body) if isinstance(body, bytes) else body
        options["duplex"] = "half"
    return js.fetch(url, headers=js.JSON.parse(json.dumps(dict(headers))), **options)


async def _imported(key: bytes) -> Any:
    """The ``CryptoKey`` of ``key``: importing costs an await, so an isolate does it once.

    A ``CryptoKey`` is no I/O object: it belongs to the isolate, not to the request that made it.
    """
    known = _crypto_keys.get(key)
    if known is None:
        if len(_crypto_keys) >= _MAX_CRYPTO_KEYS:
            _crypto_keys.clear()
        usages = to_js(["encrypt", "decrypt"])
        extractable = False
        known = _crypto_keys[key] = await js.crypto.subtle.importKey(
            "raw", to_js(key), "AES-GCM", extractable, usages
        )
    return known


def _gcm(nonce: Any, aad: bytes) -> Any:
    return js.Object(name="AES-GCM", iv=nonce, additionalData=to_js(aad))


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 (nobody is left to hear of it but the log)
        log_event("background_failed", "error", error=f"{type(error).__name__}: {error}")


def _failed(error: JsException) -> FetchFailed:
    return FetchFailed(str(error), timeout="imeout" in str(error) or "bort" in str(error))


def _to_js(response: Response) -> Any:
    init = js.JSON.parse(json.dumps({"status": response.status, "headers": response.headers}))
    body = response.body
    if isinstance(body, Live):
        body = _live(body)
    elif isinstance(body, bytes):
        body = to_js(body)
    # Where there may be no body at all (204), the Fetch Standard refuses an empty one too.
    return js.Response.new(body or None, init)


def _live(body: Live) -> Any:
    source: ClientBranch = body.source
    return source.stream if body.transform is None else _readable(_transformed(body), source)


async def _transformed(body: Live) -> AsyncGenerator[bytes, None]:
    source, transform = body.source, body.transform
    assert transform is not None  # noqa: S101 (else the branch is sent as it is)
    chunks = source.chunks()
    try:
        async for chunk in chunks:
            if data := transform(chunk):
                yield data
        if rest := transform(b""):
            yield rest
    except FetchFailed as error:
        yield body.broken(error)
    finally:
        await chunks.aclose()


def _readable(chunks: AsyncGenerator[bytes, None], branch: ClientBranch) -> Any:
    """A ``ReadableStream`` that pulls from a Python generator, one chunk for each read.

    JavaScript pulls ahead of the client, so the generator mostly waits for its provider when the
    client leaves, and one that is running cannot be closed: ending its branch is what wakes it.
    """
    pulling = left = False

    async def pull(controller: Any) -> None:
        nonlocal pulling
        pulling = True
        chunk = await anext(chunks, None)
        pulling = False
        if left:
            await close()
        elif chunk is None:
            controller.close()
            release()
        else:
            controller.enqueue(to_js(chunk))

    async def cancel(_reason: Any = None) -> None:
        nonlocal left
        left = True
        branch.leave()
        if not pulling:
            await close()

    async def close() -> None:
        await chunks.aclose()
        release()

    def release() -> None:
        pull_proxy.destroy()
        cancel_proxy.destroy()

    pull_proxy, cancel_proxy = create_proxy(pull), create_proxy(cancel)
    source = js.Object.new()
    source.pull, source.cancel = pull_proxy, cancel_proxy
    return js.ReadableStream.new(source)
