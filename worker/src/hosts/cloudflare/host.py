"""The host of one request: ``Platform`` on Cloudflare."""

import asyncio
import json
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from gateway.core.http import (
    FetchFailed,
    Upload,
    UpstreamResponse,
)
from gateway.core.log import log_event
from hosts.cloudflare import clock
from hosts.cloudflare.answer import JsResponse, bounded_text
from hosts.cloudflare.isolate import runtime
from hosts.cloudflare.streams import ClientBranch, CopyReader, js_failure

_crypto_keys: dict[bytes, Any] = {}
_MAX_CRYPTO_KEYS = 1_000
_QUEUE = "USAGE_QUEUE"
_AI = "AI"
_LATE_TIMER_SECONDS = 0.05
"""A time limit that ends later than this was held up by the isolate itself."""


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
    has_database = False

    def now(self) -> float:
        """See ``Platform``."""
        return clock.now()

    def monotonic(self) -> float:
        """See ``Platform``."""
        return clock.monotonic()

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
        deadline = clock.monotonic() + timeout
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
        due = clock.monotonic() + timeout + _LATE_TIMER_SECONDS
        try:
            response = await _fetch(method, url, headers, body, signal)
            return response.status, await bounded_text(response, self._max_answer_bytes())
        except JsException as error:
            failure = js_failure(error)
            # The signal counts the time that the isolate had no time: then the answer may have been
            # there for long.
            failure.ours = failure.timeout and clock.monotonic() > due
            raise failure from error

    async def insert_rows(self, rows: str, *, timeout: float) -> None:  # noqa: ARG002
        """See ``Platform``; ``has_database`` is false."""
        raise FetchFailed("this host has no connection to the database")

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
        return runtime(self._env).settings.max_answer_bytes

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
            raise js_failure(error) from error
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
