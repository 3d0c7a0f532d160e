"""A provider that speaks OpenAI's API, for tests: strict, counting, and failing on demand.

    with OpenAIDouble() as openai:
        openai.base_url                     # …/v1, for OPENAI_BASE_URL
        openai.key                          # the only key it takes
        openai.calls()                      # how many requests arrived; calls("/v1/embeddings")
        openai.requests[-1].json()          # what exactly arrived
        openai.say("text")                  # what it answers from now on

A behaviour is chosen for a model, by the test or by the model's name:

        openai.behave("gpt-4o", Behaviour("rate-limited", retry_after="7"), times=1)
        model="fault-stall-mid"             # the behaviour's defaults, without touching the double

Behaviours (streams unless noted; `events` counts what is sent before the fault):

- `rate-limited`: 429 with `retry-after`           - `server-error`: `status` (500) with an envelope
- `stall-first`: never sends anything              - `delay`: answers after `seconds`
- `stall-mid`: stops after `events`, stays open    - `reset-mid`: TCP reset after `events`
- `truncate`: ends cleanly without `[DONE]`        - `error-mid`: an error event after `events`
- `garbage`: an unreadable event after `events`    - `huge`: one event of `size` bytes
- `open`: a whole stream, `[DONE]` included, whose connection stays open
- `flood`: `events` chunks of `size` bytes and `[DONE]`, as fast as they are read; `flooded` counts
  the bytes that the reader's side has taken
- `raw`: exactly `body` with `content_type`, `coding` and `status`, for anything else
- `hold`: waits for `release()`, then does as `raw` with `body` where there is one, else answers;
  with `wait_for_requests(n)` it makes concurrency exact
- `step`: a stream that sends one event, the last one included, for each `step()`
"""

import asyncio
import itertools
import json
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from local_stack.openai_api.answers import last_user_text
from local_stack.openai_api.errors import ApiError
from local_stack.openai_api.service import DONE, OpenAIService, event, open_stream
from tests.doubles.server import Double, reset_connection

KEY = "sk-test-0123456789abcdef0123456789abcdef"
_MODEL_PREFIX = "fault-"

Name = Literal[
    "rate-limited",
    "server-error",
    "stall-first",
    "delay",
    "stall-mid",
    "reset-mid",
    "truncate",
    "error-mid",
    "garbage",
    "huge",
    "raw",
    "hold",
    "step",
    "open",
    "flood",
]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How requests for one model are answered; see the module's docstring."""

    name: Name
    status: int = 500
    retry_after: str = "1"
    seconds: float = 0.2
    events: int = 3
    size: int = 1_000_000
    body: bytes = b""
    content_type: str = "text/event-stream; charset=utf-8"
    coding: str = ""


class OpenAIDouble(Double):
    """See the module's docstring. Models named `no-such-…` do not exist."""

    key = KEY

    def __init__(self) -> None:
        super().__init__()
        self._text: str | None = None
        self.flooded = 0
        self._behaviours: dict[
            str, tuple[Behaviour, itertools.count[int], int | None, Behaviour | None]
        ] = {}
        self._released = asyncio.Event()
        self._steps = asyncio.Semaphore(0)
        self._service = OpenAIService(speak=self._speak, accepts_key=lambda key: key == KEY)

    @property
    def base_url(self) -> str:
        """The API's base URL, version path included."""
        return f"{self.url}/v1"

    def say(self, text: str | None) -> None:
        """Answer every chat request with this text; None: the text depends on the request again."""
        self._text = text

    def behave(
        self,
        model: str,
        behaviour: Behaviour,
        *,
        times: int | None = None,
        then: Behaviour | None = None,
    ) -> None:
        """Meet requests for this model with a behaviour, `times` times or until `behave_well`, and
        after those times with `then`."""
        self._behaviours[model] = (behaviour, itertools.count(), times, then)

    def behave_well(self) -> None:
        """Forget all behaviours, what `say` was told, and earlier `release` and `step`."""
        self.flooded = 0
        self._behaviours.clear()
        self._text = None
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
        """Answer as OpenAI does, or as the behaviour says."""
        wanted = _lenient_json(body)
        behaviour = self._behaviour(wanted.get("model"))
        if behaviour is None:
            return await self._service.respond(request, body)
        if behaviour.name == "stall-first":
            await asyncio.Event().wait()
        if behaviour.name == "delay":
            await asyncio.sleep(behaviour.seconds)
            return await self._service.respond(request, body)
        if behaviour.name == "hold":
            await self._released.wait()
            if not behaviour.body:
                return await self._service.respond(request, body)
        if behaviour.name in ("rate-limited", "server-error"):
            return _refusal(behaviour)
        if behaviour.name in ("raw", "hold"):
            coding = {"Content-Encoding": behaviour.coding} if behaviour.coding else {}
            return web.Response(
                status=behaviour.status,
                body=behaviour.body,
                headers={"Content-Type": behaviour.content_type, **coding},
            )
        return await self._faulty_stream(request, wanted, behaviour)

    async def _faulty_stream(
        self, request: web.Request, wanted: dict[str, Any], behaviour: Behaviour
    ) -> web.StreamResponse:
        if behaviour.name == "flood":
            return await self._flood(request, behaviour)
        events = list(self._service.events(request.path, wanted))
        stream = await open_stream(request, {"x-request-id": "req_fault"})
        whole = behaviour.name in ("step", "open")
        for payload in events if whole else events[: behaviour.events]:
            if behaviour.name == "step":
                await self._steps.acquire()
            await stream.write(payload)
        match behaviour.name:
            case "stall-mid" | "open":
                await asyncio.Event().wait()
            case "reset-mid":
                await asyncio.sleep(0.05)  # what was sent arrives before the reset overtakes it
                reset_connection(request)
            case "error-mid":
                error = ApiError(500, "The server had an error.", kind="server_error")
                await stream.write(event(error.envelope()))
            case "garbage":
                await stream.write(b"data: {\xff not json\n\n: comment\nno colon\n\n")
            case "huge":
                big = {"index": 0, "delta": {"content": "x" * behaviour.size}}
                await stream.write(event({"id": "chatcmpl-fault", "choices": [big]}))
        if behaviour.name in ("garbage", "huge"):
            for payload in events[behaviour.events :]:
                await stream.write(payload)
        await stream.write_eof()
        return stream

    async def _flood(self, request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
        def chunk(delta: dict[str, str], reason: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            return event({"id": "chatcmpl-flood", "choices": [choice]})

        stream = await open_stream(request, {"x-request-id": "req_flood"})
        payload = chunk({"content": "x" * behaviour.size})
        for data in (*itertools.repeat(payload, behaviour.events), chunk({}, "stop"), DONE):
            await stream.write(data)
            self.flooded += len(data)
        await stream.write_eof()
        return stream

    def _behaviour(self, model: Any) -> Behaviour | None:
        if not isinstance(model, str):
            return None
        if model in self._behaviours:
            behaviour, count, times, then = self._behaviours[model]
            if times is None or next(count) < times:
                return behaviour
            if then is not None:
                return then
        if model.startswith(_MODEL_PREFIX):
            return Behaviour(model.removeprefix(_MODEL_PREFIX))  # type: ignore[arg-type]
        return None

    def _speak(self, request: dict[str, Any]) -> str:
        return self._text if self._text is not None else f"You said: {last_user_text(request)}"


def _refusal(behaviour: Behaviour) -> web.Response:
    if behaviour.name == "rate-limited":
        error = ApiError(
            429,
            "Rate limit reached for requests.",
            kind="requests",
            code="rate_limit_exceeded",
            headers={"retry-after": behaviour.retry_after},
        )
    else:
        error = ApiError(behaviour.status, "The server had an error.", kind="server_error")
    return web.json_response(
        error.envelope(),
        status=error.status,
        headers={"x-request-id": "req_fault", **error.headers},
    )


def _lenient_json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
