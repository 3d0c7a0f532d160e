"""A provider that speaks Anthropic's Messages API, for tests: strict, counting, failing on demand.

    with AnthropicDouble() as anthropic:
        anthropic.base_url                  # …/v1, for ANTHROPIC_BASE_URL
        anthropic.key                       # the only key it takes, in x-api-key
        anthropic.calls()                   # how many requests arrived
        anthropic.behave("claude-sonnet-4-5", Behaviour("overloaded"), times=1)

What it says depends on the request: offered tools are called (all of them, unless parallel use is
off or one is forced), thinking is signed and checked when it comes back, a document with citations
is cited, a text that begins with "refuse" is refused, anything else is repeated. A prompt with a
``cache_control`` marker is written to the prompt cache once and read from it afterwards.

Behaviours: `rate-limited`, `overloaded` (529), `server-error` (500), `stall-mid`, `reset-mid`,
`truncate`, `error-mid` (each after `events` events), `raw` (exactly `body`), and `hold` (waits for
`release()`).
"""

import asyncio
import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from local_stack.openai_api.answers import example, tokens
from tests.doubles.anthropic_requests import VERSIONS, ApiError, check, invalid, signature
from tests.doubles.server import Double, reset_connection

KEY = "sk-ant-test-0123456789abcdef"
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-sonnet-4-5-20250929")
_ROUTES = {"/v1/messages": "POST", "/v1/messages/count_tokens": "POST", "/v1/models": "GET"}
_REFUSALS = {
    "rate-limited": ApiError(429, "rate_limit_error", "Number of requests exceeded your limit."),
    "overloaded": ApiError(529, "overloaded_error", "Overloaded"),
    "server-error": ApiError(500, "api_error", "Internal server error"),
}

Name = Literal[
    "rate-limited",
    "overloaded",
    "server-error",
    "stall-mid",
    "reset-mid",
    "truncate",
    "error-mid",
    "raw",
    "hold",
]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How requests for one model are answered; see the module's docstring."""

    name: Name
    events: int = 4
    body: bytes = b""
    status: int = 200
    content_type: str = "text/event-stream; charset=utf-8"


class AnthropicDouble(Double):
    """See the module's docstring."""

    key = KEY

    def __init__(self) -> None:
        super().__init__()
        self._behaviours: dict[str, tuple[Behaviour, itertools.count[int], int | None]] = {}
        self._released = asyncio.Event()
        self._cached_prompts: set[str] = set()

    @property
    def base_url(self) -> str:
        """The API's base URL, version path included."""
        return f"{self.url}/v1"

    def behave(self, model: str, behaviour: Behaviour, *, times: int | None = None) -> None:
        """Meet requests for this model with a behaviour, `times` times or until `behave_well`."""
        self._behaviours[model] = (behaviour, itertools.count(), times)

    def behave_well(self) -> None:
        """Forget all behaviours, cached prompts and earlier `release`s."""
        self._behaviours.clear()
        self._cached_prompts.clear()
        self._released = asyncio.Event()

    def release(self) -> None:
        """Let every request that is held, now or later, go on."""
        self._loop.call_soon_threadsafe(self._released.set)

    def calls(self, path: str | None = None) -> int:
        """How many requests arrived, for one path or for all."""
        return sum(1 for request in self.requests if path in (None, request.path))

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Answer as Anthropic does, or as the behaviour says."""
        try:
            version = self._admit(request)
            if request.path == "/v1/models":
                return _json(200, _models(int(request.query.get("limit", 20))))
            wanted = _parse(request, body)
            counting = request.path.endswith("/count_tokens")
            check(wanted, version, counting=counting)
            if counting:
                return _json(200, {"input_tokens": _size(wanted)})
            behaviour = self._behaviour(wanted["model"])
            if behaviour and behaviour.name in _REFUSALS:
                raise _REFUSALS[behaviour.name]
        except ApiError as error:
            return _json(error.status, error.envelope())
        if behaviour and behaviour.name == "raw":
            return web.Response(
                status=behaviour.status,
                body=behaviour.body,
                headers={"content-type": behaviour.content_type, "request-id": "req_011raw"},
            )
        if behaviour and behaviour.name == "hold":
            await self._released.wait()
        message = self._message(wanted)
        if not wanted.get("stream"):
            return _json(200, message)
        return await _stream(request, message, behaviour)

    def _admit(self, request: web.Request) -> str:
        """The API version that the request asks for."""
        method = _ROUTES.get(request.path)
        if method is None:
            raise ApiError(404, "not_found_error", "Not found")
        if request.method != method:
            raise ApiError(405, "invalid_request_error", "Method Not Allowed")
        if "authorization" in request.headers or request.headers.get("x-api-key") != KEY:
            raise ApiError(401, "authentication_error", "invalid x-api-key")
        versions = request.headers.getall("anthropic-version", [])
        if len(versions) != 1 or versions[0] not in VERSIONS:
            raise invalid("anthropic-version: header is required")
        return versions[0]

    def _behaviour(self, model: str) -> Behaviour | None:
        if model not in self._behaviours:
            return None
        behaviour, count, times = self._behaviours[model]
        return behaviour if times is None or next(count) < times else None

    def _message(self, wanted: dict[str, Any]) -> dict[str, Any]:
        content, reason = _content(wanted)
        seed = hashlib.sha256(json.dumps(wanted["messages"]).encode()).hexdigest()
        spoken = sum(len(tokens(json.dumps(block))) for block in content)
        return {
            "id": f"msg_{seed[:24]}",
            "type": "message",
            "role": "assistant",
            "model": wanted["model"],
            "content": content,
            "stop_reason": reason,
            "stop_sequence": None,
            "stop_details": _REFUSED if reason == "refusal" else None,
            "usage": {**self._prompt_usage(wanted), "output_tokens": spoken},
        }

    def _prompt_usage(self, wanted: dict[str, Any]) -> dict[str, Any]:
        size, prompt = _size(wanted), json.dumps(wanted)
        written = read = 0
        if '"cache_control"' in prompt:
            name = hashlib.sha256(prompt.encode()).hexdigest()
            written, read = (0, size - 5) if name in self._cached_prompts else (size - 5, 0)
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


_REFUSED = {"type": "refusal", "category": None, "explanation": "This is against the policy."}


def _content(wanted: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    blocks: list[dict[str, Any]] = []
    last = wanted["messages"][-1]["content"]
    parts = [{"type": "text", "text": last}] if isinstance(last, str) else last
    said = " ".join(part.get("text") or f"[{part['type']}]" for part in parts)
    if said.startswith("refuse"):
        return [], "refusal"
    if (wanted.get("thinking") or {}).get("type") in ("enabled", "adaptive"):
        thought = f"Somebody says {said!r}."
        sign = signature(thought)
        blocks.append({"type": "thinking", "thinking": thought, "signature": sign})
    calls = _calls(wanted, answered=any(part["type"] == "tool_result" for part in parts))
    if calls:
        return [*blocks, {"type": "text", "text": "Let me look."}, *calls], "tool_use"
    form = (wanted.get("output_config") or {}).get("format")
    text = json.dumps(example(form["schema"])) if form else f"You said: {said}"
    pieces = tokens(text)
    if len(pieces) > wanted["max_tokens"]:
        text = "".join(pieces[: wanted["max_tokens"]])
        return [*blocks, {"type": "text", "text": text}], "max_tokens"
    block: dict[str, Any] = {"type": "text", "text": text}
    for index, part in enumerate(parts):
        if (part.get("citations") or {}).get("enabled"):
            block["citations"] = [_citation(index, part)]
    return [*blocks, block], "end_turn"


def _calls(wanted: dict[str, Any], *, answered: bool) -> list[dict[str, Any]]:
    choice = wanted.get("tool_choice") or {"type": "auto"}
    offered = [tool for tool in wanted.get("tools") or () if "input_schema" in tool]
    if choice["type"] == "tool":
        offered = [tool for tool in offered if tool["name"] == choice["name"]]
    if choice["type"] == "none" or (answered and choice["type"] == "auto"):
        return []
    if choice.get("disable_parallel_tool_use"):
        offered = offered[:1]
    return [
        {
            "type": "tool_use",
            "id": f"toolu_{index:02}{hashlib.sha256(tool['name'].encode()).hexdigest()[:20]}",
            "name": tool["name"],
            "input": example(tool["input_schema"]),
        }
        for index, tool in enumerate(offered)
    ]


def _citation(index: int, part: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "char_location",
        "cited_text": "the document",
        "document_index": index,
        "document_title": part.get("title"),
        "start_char_index": 0,
        "end_char_index": 12,
    }


def events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The stream of a message, text and JSON in small pieces."""
    started = {**message, "content": [], "stop_reason": None, "stop_details": None}
    started["usage"] = {**message["usage"], "output_tokens": 1}
    yield {"type": "message_start", "message": started}
    for index, block in enumerate(message["content"]):
        start, deltas = _deltas(block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        if index == 0:
            yield {"type": "ping"}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ending = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    spent = {"output_tokens": message["usage"]["output_tokens"]}
    yield {"type": "message_delta", "delta": ending, "usage": spent}
    yield {"type": "message_stop"}


def _deltas(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if block["type"] == "thinking":
        deltas = [
            {"type": "thinking_delta", "thinking": piece} for piece in tokens(block["thinking"])
        ]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
        return {**block, "thinking": "", "signature": ""}, deltas
    if block["type"] == "tool_use":
        text = json.dumps(block["input"]) if block["input"] else ""
        pieces = ["", *(text[at : at + 7] for at in range(0, len(text), 7))]
        return {**block, "input": {}}, [
            {"type": "input_json_delta", "partial_json": piece} for piece in pieces
        ]
    cited = block.get("citations") or []
    start = {"type": "text", "text": "", **({"citations": []} if cited else {})}
    return start, [
        *({"type": "text_delta", "text": piece} for piece in tokens(block["text"])),
        *({"type": "citations_delta", "citation": item} for item in cited),
    ]


async def _stream(
    request: web.Request, message: dict[str, Any], behaviour: Behaviour | None
) -> web.StreamResponse:
    stream = web.StreamResponse(
        headers={"content-type": "text/event-stream; charset=utf-8", "request-id": "req_011double"}
    )
    await stream.prepare(request)
    faulty = behaviour is not None and behaviour.name != "hold"
    payloads = list(events(message))
    for payload in payloads[: behaviour.events] if behaviour and faulty else payloads:
        await stream.write(_event(payload))
    match behaviour.name if behaviour else None:
        case "stall-mid":
            await asyncio.Event().wait()
        case "reset-mid":
            await asyncio.sleep(0.05)  # what was sent arrives before the reset overtakes it
            reset_connection(request)
        case "error-mid":
            await stream.write(_event(_REFUSALS["overloaded"].envelope()))
    await stream.write_eof()
    return stream


def _event(payload: dict[str, Any]) -> bytes:
    return f"event: {payload['type']}\ndata: {json.dumps(payload)}\n\n".encode()


def _json(status: int, body: dict[str, Any]) -> web.Response:
    return web.json_response(body, status=status, headers={"request-id": "req_011double"})


def _parse(request: web.Request, body: bytes) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise invalid("content-type must be application/json")
    try:
        wanted = json.loads(body)
    except ValueError:
        raise invalid("The request body is not valid JSON") from None
    if not isinstance(wanted, dict):
        raise invalid("Input should be an object")
    return wanted


def _size(wanted: dict[str, Any]) -> int:
    seen = {name: wanted[name] for name in ("system", "messages", "tools") if name in wanted}
    return len(tokens(json.dumps(seen)))


def _models(limit: int) -> dict[str, Any]:
    listed = [
        {
            "type": "model",
            "id": name,
            "display_name": name.replace("-", " ").title(),
            "created_at": "2026-06-01T00:00:00Z",
        }
        for name in MODELS[:limit]
    ]
    return {"data": listed, "has_more": len(MODELS) > limit, "first_id": MODELS[0], "last_id": None}
