"""A provider that speaks Anthropic's Messages API, for tests: strict, counting, failing on demand.

    with AnthropicDouble() as anthropic:
        anthropic.base_url                  # …/v1, for ANTHROPIC_BASE_URL
        anthropic.key                       # the only key it takes, in x-api-key
        anthropic.calls()                   # how many requests arrived
        anthropic.behave("claude-sonnet-4-5", Behaviour("overloaded"), times=1)

What it says depends on the request (`local_stack.anthropic_api.answers`); free text is repeated.

        anthropic.prompt_cache = AnthropicPromptCache()    # the strict one, until `behave_well`

Behaviours: `rate-limited`, `overloaded` (529), `server-error` (500), `stall-mid`, `reset-mid`,
`truncate`, `error-mid` (each after `events` events), `raw` (exactly `body`), `hold` (waits for
`release()`) and `step` (a stream that sends one event for each `step()`).
"""

import asyncio
import itertools
import time
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from local_stack.anthropic_api import answers
from local_stack.anthropic_api.requests import ApiError, invalid
from local_stack.anthropic_api.service import AnthropicService, open_stream, refusal
from local_stack.openai_api.service import event
from tests.doubles.prompt_caches import AnthropicPromptCache, RefusedError, anthropic_prompt
from tests.doubles.server import Double, reset_connection

KEY = "sk-ant-test-0123456789abcdef"
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
    "step",
]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How requests for one model are answered; see the module's docstring."""

    name: Name
    events: int = 4
    body: bytes = b""
    status: int = 200
    content_type: str = "text/event-stream; charset=utf-8"


class _Service(AnthropicService):
    """Counts a prompt's tokens as the double's prompt cache does, where it has one."""

    def __init__(self, double: "AnthropicDouble", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._double = double

    def prompt_usage(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """What the answer says of the prompt's tokens."""
        cache = self._double.prompt_cache
        if cache is None:
            return super().prompt_usage(wanted)
        try:
            used = cache.serve(*anthropic_prompt(wanted, time.monotonic()))
        except RefusedError as error:
            raise invalid(str(error)) from error
        return {
            "input_tokens": used.plain,
            "cache_creation_input_tokens": used.written,
            "cache_read_input_tokens": used.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": used.written - used.written_hour,
                "ephemeral_1h_input_tokens": used.written_hour,
            },
            "service_tier": "standard",
        }


class AnthropicDouble(Double):
    """See the module's docstring."""

    key = KEY

    def __init__(self) -> None:
        super().__init__()
        self._behaviours: dict[str, tuple[Behaviour, itertools.count[int], int | None]] = {}
        self._released = asyncio.Event()
        self._steps = asyncio.Semaphore(0)
        self.prompt_cache: AnthropicPromptCache | None = None
        self._service = _Service(
            self,
            speak=lambda wanted: f"You said: {answers.said_last(wanted)}",
            accepts_key=lambda key: key == KEY,
        )

    @property
    def base_url(self) -> str:
        """The API's base URL, version path included."""
        return f"{self.url}/v1"

    def behave(self, model: str, behaviour: Behaviour, *, times: int | None = None) -> None:
        """Meet requests for this model with a behaviour, `times` times or until `behave_well`."""
        self._behaviours[model] = (behaviour, itertools.count(), times)

    def behave_well(self) -> None:
        """Forget all behaviours, cached prompts, and earlier `release` and `step`."""
        self._behaviours.clear()
        self.prompt_cache = None
        self._service.forget_prompts()
        self._released = asyncio.Event()
        self._steps = asyncio.Semaphore(0)

    def release(self) -> None:
        """Let every request that is held, now or later, go on."""
        self._loop.call_soon_threadsafe(self._released.set)

    def step(self) -> None:
        """Let a stream that goes step by step send one more event."""
        self._loop.call_soon_threadsafe(self._steps.release)

    def calls(self, path: str | None = None) -> int:
        """How many requests arrived, for one path or for all."""
        return sum(1 for request in self.requests if path in (None, request.path))

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Answer as Anthropic does, or as the behaviour says."""
        if request.path == "/v1/models" or not self._behaviours:
            return await self._service.respond(request, body)
        try:
            wanted = self._service.accept(request, body)
            behaviour = self._behaviour(wanted["model"])
            if behaviour and behaviour.name in _REFUSALS:
                raise _REFUSALS[behaviour.name]
        except ApiError as error:
            return refusal(error)
        match behaviour.name if behaviour else None:
            case "raw":
                assert behaviour is not None
                return web.Response(
                    status=behaviour.status,
                    body=behaviour.body,
                    headers={"content-type": behaviour.content_type, "request-id": "req_011raw"},
                )
            case "hold":
                await self._released.wait()
            case str() if wanted.get("stream"):
                assert behaviour is not None
                return await self._faulty_stream(request, wanted, behaviour)
        return await self._service.respond(request, body)

    async def _faulty_stream(
        self, request: web.Request, wanted: dict[str, object], behaviour: Behaviour
    ) -> web.StreamResponse:
        stream = await open_stream(request)
        payloads = list(answers.events(self._service.message(wanted)))
        stepwise = behaviour.name == "step"
        for payload in payloads if stepwise else payloads[: behaviour.events]:
            if stepwise:
                await self._steps.acquire()
            await stream.write(event(payload, named=True))
        match behaviour.name:
            case "stall-mid":
                await asyncio.Event().wait()
            case "reset-mid":
                await asyncio.sleep(0.05)  # what was sent arrives before the reset overtakes it
                reset_connection(request)
            case "error-mid":
                await stream.write(event(_REFUSALS["overloaded"].envelope(), named=True))
        await stream.write_eof()
        return stream

    def _behaviour(self, model: str) -> Behaviour | None:
        if model not in self._behaviours:
            return None
        behaviour, count, times = self._behaviours[model]
        return behaviour if times is None or next(count) < times else None
