"""The host of one request: ``Platform`` on Cloudflare."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from gateway.core.http import (
    AnswerTooLarge,
    FetchFailed,
    Upload,
    UpstreamResponse,
)
from gateway.core.log import log_event
from gateway.core.sealed import Sealed
from hosts.cloudflare import clock, isolate
from hosts.cloudflare.answer import JsResponse
from hosts.cloudflare.steps import asked, awaited, is_late, is_too_large, started, steps
from hosts.cloudflare.streams import ClientBranch, CopyReader, js_failure

_crypto_keys: dict[bytes, Any] = {}
_MAX_CRYPTO_KEYS = 1_000
_QUEUE = "USAGE_QUEUE"
_AI = "AI"
_LATE_TIMER_SECONDS = 0.05
"""A time limit that ends later than this was held up by the isolate itself."""


class CloudflarePlatform:
    """``Platform`` for one request, or for work that no request asked for."""

    reads_streams = False
    has_redis = False
    has_database = False

    def __init__(
        self, env: Any, ctx: Any, request: Any = None, request_id: str | None = None
    ) -> None:
        """``request_id``: a fresh one, for the first to ask."""
        self._env = env
        self._request = request
        self._ctx = ctx
        self._request_id = request_id

    @property
    def has_queue(self) -> bool:
        """See ``Platform``."""
        return isolate.has_binding(self._env, _QUEUE)

    @property
    def opener(self) -> "CloudflarePlatform":
        """See ``Platform``."""
        return self

    def now(self) -> float:
        """See ``Platform``."""
        return clock.now()

    def monotonic(self) -> float:
        """See ``Platform``."""
        return clock.monotonic()

    def request_id(self) -> str:
        """See ``Platform``."""
        fresh, self._request_id = self._request_id, None
        return fresh or str(steps().new_id())

    async def sleep(self, seconds: float) -> None:
        """See ``Platform``."""
        await asyncio.sleep(seconds)
        clock.begins()

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
        deadline = clock.monotonic() + timeout
        upload = body if isinstance(body, Upload) else Upload(body)
        content = _content(upload.source)
        controller, answer = asked(method, url, _as_json(headers), content, round(timeout * 1000))
        try:
            response = await answer
        except asyncio.CancelledError:
            controller.abort()
            raise
        except JsException as error:
            if upload.failure is not None:
                raise upload.failure from error
            late = is_late(error)
            if late:
                controller.abort()
            reason = f"no answer within {timeout:g} s" if late else str(error)
            raise FetchFailed(reason, timeout=late) from error
        return JsResponse(response, controller, deadline, self._max_answer_bytes())

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
        limit, milliseconds = self._max_answer_bytes(), round(timeout * 1000)
        sent = method, url, _as_json(headers), _content(body), milliseconds, limit
        first, text = await _answer(started(steps().call, *sent), timeout, limit)
        return int(first[0]), text

    async def call_and_open(
        self,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: str,
        sealed: Sealed,
        *,
        timeout: float,
    ) -> tuple[int, str, str | None]:
        """See ``Opener``."""
        limit, milliseconds = self._max_answer_bytes(), round(timeout * 1000)
        # An await for each key that is new to the isolate.
        key, at = await _imported(sealed.key), json.dumps(["result", *sealed.at])
        opens = key, sealed.name, at
        sent = "POST", url, _as_json(headers), body, milliseconds, limit
        answer = started(steps().call_and_open, *opens, *sent)
        first, text = await _answer(answer, timeout, limit)
        opened = None
        if first[-1] == "+":
            text, _, opened = text.partition("\n")
        return int(first[0]), text, opened

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
        return isolate.runtime(self._env).settings.max_answer_bytes

    def soon(self, act: Callable[[], None]) -> None:
        """See ``Platform``. JavaScript sends the response, and a callback costs a crossing."""
        act()

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
        finally:
            clock.begins()

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
        finally:
            clock.begins()
        return answer

    async def seal(self, key: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """See ``Platform``."""
        nonce = js.crypto.getRandomValues(js.Uint8Array.new(12))
        imported = await _imported(key)
        sealed = await awaited(
            js.crypto.subtle.encrypt(_gcm(nonce, aad), imported, to_js(plaintext))
        )
        return bytes(nonce.to_bytes()) + bytes(sealed.to_bytes())

    async def unseal(self, key: bytes, sealed: bytes, aad: bytes) -> bytes:
        """See ``Platform``."""
        imported = await _imported(key)
        try:
            opened = await awaited(
                js.crypto.subtle.decrypt(
                    _gcm(to_js(sealed[:12]), aad), imported, to_js(sealed[12:])
                )
            )
        except JsException as error:
            raise ValueError("does not open") from error
        return bytes(opened.to_bytes())


async def _answer(calling: Awaitable[Any], timeout: float, limit: int) -> tuple[list[str], str]:
    """The words of an answer's first line, and the rest."""
    clock.begins()  # it may have been read long before the call
    due = clock.monotonic() + timeout + _LATE_TIMER_SECONDS
    try:
        answer: str = (await calling).to_bytes().decode()
    except JsException as error:
        if is_too_large(error):
            raise AnswerTooLarge(limit) from error
        failure = js_failure(error)
        # The signal counts the time that the isolate had no time: then the answer may have been
        # there for long.
        failure.ours = failure.timeout and clock.monotonic() > due
        raise failure from error
    line, _, text = answer.partition("\n")
    first = line.split(" ")
    clock.begins(float(first[1]))
    return first, text


def _as_json(headers: Sequence[tuple[str, str]]) -> str:
    return json.dumps(dict(headers))


def _content(body: Any) -> Any:
    """A bytes object would be sent as the text "b'…'"."""
    return to_js(body) if isinstance(body, bytes) else body


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
        known = _crypto_keys[key] = await awaited(
            js.crypto.subtle.importKey("raw", to_js(key), "AES-GCM", extractable, usages)
        )
    return known


def _gcm(nonce: Any, aad: bytes) -> Any:
    return js.Object(name="AES-GCM", iv=nonce, additionalData=to_js(aad))


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    clock.begins()
    try:
        await work
    except Exception as error:  # noqa: BLE001 (nobody is left to hear of it but the log)
        log_event("background_failed", "error", error=f"{type(error).__name__}: {error}")
