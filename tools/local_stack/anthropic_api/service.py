"""The HTTP side of the provider: routes, authentication, prompt cache, streaming with a pace."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from local_stack.anthropic_api import answers
from local_stack.anthropic_api.requests import (
    MISSHAPEN,
    ApiError,
    betas,
    check,
    check_headers,
    invalid,
)
from local_stack.openai_api.service import Pace, event

MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-sonnet-4-5-20250929")
_ROUTES = {"/v1/messages": "POST", "/v1/messages/count_tokens": "POST", "/v1/models": "GET"}
_MOST_PROMPTS = 10_000
_NO_PACE = Pace()


class AnthropicService:
    """Answers requests; the caller owns the socket, and the text through `speak`.

    A prompt with a ``cache_control`` marker is written to the prompt cache once and read from it
    afterwards.
    """

    def __init__(
        self,
        *,
        speak: answers.Speak,
        accepts_key: Callable[[str], bool],
        pace: Pace = _NO_PACE,
        models: Sequence[str] = MODELS,
    ) -> None:
        self._speak = speak
        self._accepts_key = accepts_key
        self._pace = pace
        self._models = models
        self._cached_prompts: set[str] = set()

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Answer one request."""
        try:
            wanted = self.accept(request, body)
            if request.path == "/v1/models":
                return answer(200, _models(self._models, int(request.query.get("limit", 20))))
            if request.path.endswith("/count_tokens"):
                return answer(200, {"input_tokens": answers.size(wanted)})
            message = self.message(wanted)
        except ApiError as error:
            return refusal(error)
        await asyncio.sleep(self._pace.first)
        if not wanted.get("stream"):
            await asyncio.sleep(self._pace.between_chunks * message["usage"]["output_tokens"])
            return answer(200, message)
        stream = await open_stream(request)
        for payload in answers.events(message):
            await stream.write(event(payload, named=True))
            await asyncio.sleep(self._pace.between_chunks)
        await stream.write_eof()
        return stream

    def accept(self, request: web.Request, body: bytes) -> dict[str, Any]:
        """The request's body, empty for a GET; raises `ApiError` unless Anthropic would take it."""
        method = _ROUTES.get(request.path)
        if method is None:
            raise ApiError(404, "not_found_error", "Not found")
        if request.method != method:
            raise ApiError(405, "invalid_request_error", "Method Not Allowed")
        key = request.headers.get("x-api-key", "")
        if "authorization" in request.headers or not self._accepts_key(key):
            raise ApiError(401, "authentication_error", "invalid x-api-key")
        version = check_headers(request.headers.getall("anthropic-version", []))
        if method == "GET":
            return {}
        wanted = _parse(request, body)
        try:
            enabled = betas(request.headers.get("anthropic-beta", ""))
            check(wanted, version, enabled, counting=request.path.endswith("/count_tokens"))
        except MISSHAPEN:
            raise invalid("Input should be of the documented type") from None
        return wanted

    def message(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The finished `message`. Raises `ApiError`."""
        try:
            return answers.message(wanted, self._speak, self.prompt_usage(wanted))
        except MISSHAPEN:
            raise invalid("Input should be of the documented type") from None

    def forget_prompts(self) -> None:
        """Empty the prompt cache."""
        self._cached_prompts.clear()

    def prompt_usage(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """What the answer says of the prompt's tokens."""
        size, prompt = answers.size(wanted), json.dumps(wanted)
        written = read = 0
        if '"cache_control"' in prompt:
            name = hashlib.sha256(prompt.encode()).hexdigest()
            written, read = (0, size - 5) if name in self._cached_prompts else (size - 5, 0)
            if len(self._cached_prompts) >= _MOST_PROMPTS:
                self._cached_prompts.clear()
            self._cached_prompts.add(name)
        hourly = written if '"ttl": "1h"' in prompt else 0
        return {
            "input_tokens": size - written - read,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": written - hourly,
                "ephemeral_1h_input_tokens": hourly,
            },
            "service_tier": "standard",
        }


async def open_stream(request: web.Request) -> web.StreamResponse:
    """Send the head of an event stream."""
    stream = web.StreamResponse(
        headers={"content-type": "text/event-stream; charset=utf-8", "request-id": REQUEST_ID}
    )
    await stream.prepare(request)
    return stream


REQUEST_ID = "req_011local"


def answer(status: int, body: dict[str, Any]) -> web.Response:
    """A JSON body with Anthropic's headers."""
    return web.json_response(body, status=status, headers={"request-id": REQUEST_ID})


def refusal(error: ApiError) -> web.Response:
    """An error as Anthropic sends it."""
    return answer(error.status, {**error.envelope(), "request_id": REQUEST_ID})


def _parse(request: web.Request, body: bytes) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise invalid("content-type must be application/json")
    try:
        wanted = json.loads(body)
        if b"\\u" in body:
            json.dumps(wanted, ensure_ascii=False).encode()  # no half of a surrogate pair
    except ValueError:
        raise invalid("The request body is not valid JSON") from None
    if not isinstance(wanted, dict):
        raise invalid("Input should be an object")
    return wanted


def _models(names: Sequence[str], limit: int) -> dict[str, Any]:
    listed = [
        {
            "type": "model",
            "id": name,
            "display_name": name.replace("-", " ").title(),
            "created_at": "2026-06-01T00:00:00Z",
        }
        for name in names[:limit]
    ]
    return {"data": listed, "has_more": len(names) > limit, "first_id": names[0], "last_id": None}
