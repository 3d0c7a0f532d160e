"""The HTTP side of the provider: routes, authentication, streaming with a pace."""

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from local_stack.openai_api import completions, errors, render, requests, responses
from local_stack.openai_api.answers import Speak, answers_to

MODELS = (
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-4.1-mini",
    "text-embedding-3-small",
    "text-embedding-3-large",
)
_ROUTES = {
    "/v1/chat/completions": "POST",
    "/v1/completions": "POST",
    "/v1/responses": "POST",
    "/v1/embeddings": "POST",
    "/v1/models": "GET",
}
_MISSHAPEN = (TypeError, KeyError, AttributeError, ValueError, IndexError, OverflowError)
"""What reading a value of another type than the API documents ends in."""
_REQUEST_LIMIT = 10_000
_TOKEN_LIMIT = 2_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the provider answers, in seconds."""

    first: float = 0.0
    between_chunks: float = 0.0


class OpenAIService:
    """Answers requests; the caller owns the socket, and the text through `speak`."""

    def __init__(
        self,
        *,
        speak: Speak,
        accepts_key: Callable[[str], bool],
        pace: Pace = Pace(),
        models: Sequence[str] = MODELS,
    ) -> None:
        self._speak = speak
        self._accepts_key = accepts_key
        self._pace = pace
        self._models = models
        self._count = itertools.count(1)

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Answer one request with the headers OpenAI sends."""
        started = time.monotonic()
        headers = self._headers()
        try:
            route = self._route(request)
            self._authenticate(request)
            if route == "/v1/models":
                return _json(200, render.models(self._models), headers)
            wanted = _parse(request, body)
            if route == "/v1/embeddings":
                inputs = requests.check_embeddings(wanted)
                await asyncio.sleep(self._pace.first)
                return _json(200, render.embeddings(wanted, inputs), headers)
            made = self._made(route, wanted)
            await asyncio.sleep(self._pace.first)
            headers["openai-processing-ms"] = str(round((time.monotonic() - started) * 1000))
            if not wanted.get("stream"):
                await asyncio.sleep(self._pace.between_chunks * made.tokens)
                return _json(200, made.whole, headers)
            stream = await open_stream(request, headers)
            for payload in made.stream:
                await stream.write(payload)
                await asyncio.sleep(self._pace.between_chunks)
            await stream.write_eof()
            return stream
        except errors.ApiError as error:
            return _json(error.status, error.envelope(), {**headers, **error.headers})

    def events(self, path: str, wanted: dict[str, Any]) -> Iterator[bytes]:
        """The events with which a stream of ``path`` answers ``wanted``, the last one included."""
        return _MAKERS[path](wanted, self._speak).stream

    def _made(self, route: str, wanted: dict[str, Any]) -> "_Made":
        try:
            return _MAKERS[route](wanted, self._speak)
        except _MISSHAPEN:
            raise errors.wrong_type() from None

    def _route(self, request: web.Request) -> str:
        method = _ROUTES.get(request.path)
        if method is None:
            raise errors.unknown_url(request.method, request.path)
        if request.method != method:
            raise errors.wrong_method(request.method, request.path)
        return request.path

    def _authenticate(self, request: web.Request) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise errors.missing_key()
        if not self._accepts_key(key.strip()):
            raise errors.wrong_key(key.strip())

    def _headers(self) -> dict[str, str]:
        used = next(self._count)
        return {
            "x-request-id": f"req_{uuid.uuid4().hex}",
            "openai-version": "2020-10-01",
            "openai-organization": "watchllm-local",
            "x-ratelimit-limit-requests": str(_REQUEST_LIMIT),
            "x-ratelimit-remaining-requests": str(max(0, _REQUEST_LIMIT - used)),
            "x-ratelimit-reset-requests": "6ms",
            "x-ratelimit-limit-tokens": str(_TOKEN_LIMIT),
            "x-ratelimit-remaining-tokens": str(_TOKEN_LIMIT - 100),
            "x-ratelimit-reset-tokens": "3ms",
        }


DONE = b"data: [DONE]\n\n"


def event(payload: dict[str, Any], *, named: bool = False) -> bytes:
    """One server-sent event; ``named`` after its type, as the Responses API does."""
    name = f"event: {payload['type']}\n" if named else ""
    return f"{name}data: {json.dumps(payload, ensure_ascii=False)}\n\n".encode()


async def open_stream(request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
    """Send the head of an event stream."""
    stream = web.StreamResponse(
        headers={**headers, "Content-Type": "text/event-stream; charset=utf-8"}
    )
    await stream.prepare(request)
    return stream


@dataclass(frozen=True, slots=True)
class _Made:
    """An answer in both forms. ``tokens``: how many its whole form takes to be spoken."""

    whole: dict[str, Any]
    stream: Iterator[bytes]
    tokens: int


def _chat(wanted: dict[str, Any], speak: Speak) -> _Made:
    requests.check_chat(wanted)
    answers = answers_to(wanted, speak)
    who = _identity("chatcmpl-")
    whole = render.completion(wanted, answers, who)
    chunks = (event(chunk) for chunk in render.chunks(wanted, answers, who))
    return _Made(whole, itertools.chain(chunks, [DONE]), whole["usage"]["completion_tokens"])


def _completion(wanted: dict[str, Any], speak: Speak) -> _Made:
    prompts = completions.check(wanted)
    choices = completions.choices(wanted, prompts, speak)
    who = _identity("cmpl-")
    whole = completions.completion(wanted, prompts, choices, who)
    chunks = (event(chunk) for chunk in completions.chunks(wanted, prompts, choices, who))
    return _Made(whole, itertools.chain(chunks, [DONE]), whole["usage"]["completion_tokens"])


def _response(wanted: dict[str, Any], speak: Speak) -> _Made:
    responses.check(wanted)
    whole = responses.response(wanted, speak, _identity("resp_"))
    stream = (event(item, named=True) for item in responses.events(whole))
    return _Made(whole, stream, whole["usage"]["output_tokens"])


def _identity(prefix: str) -> render.Identity:
    return render.Identity(id=prefix + uuid.uuid4().hex[:29], created=int(time.time()))


_MAKERS: dict[str, Callable[[dict[str, Any], Speak], _Made]] = {
    "/v1/chat/completions": _chat,
    "/v1/completions": _completion,
    "/v1/responses": _response,
}


def _json(status: int, body: dict[str, Any], headers: dict[str, str]) -> web.Response:
    content = json.dumps(body, ensure_ascii=False).encode()
    return web.Response(
        status=status, body=content, headers={**headers, "Content-Type": "application/json"}
    )


def _parse(request: web.Request, body: bytes) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise errors.wrong_content_type(request.headers.get("Content-Type", ""))
    try:
        wanted = json.loads(body)
        if b"\\u" in body:
            json.dumps(wanted, ensure_ascii=False).encode()  # no half of a surrogate pair
    except ValueError:
        raise errors.unreadable_json() from None
    if not isinstance(wanted, dict):
        raise errors.unreadable_json()
    return wanted
