"""One project in this process. Its provider is a function; what it was sent is kept in a list."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway import app
from gateway.core import settings
from gateway.core.http import FetchFailed
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from shared import api_keys
from tests.worker.edge import RECORD
from tests.worker.memory_platform import MemoryPlatform, MemoryRequest, MemoryResponse, read

KEY = "sk-of-the-deployment-0123456789"
ENV = {
    "ENVIRONMENT": "test",
    "SUPABASE_URL": "https://supabase.example",
    "SUPABASE_KEY": "key",
    "UPSTASH_REDIS_REST_URL": "https://redis.example",
    "UPSTASH_REDIS_REST_TOKEN": "token",
    "API_KEY_PEPPER": "pepper",
    "ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
    "SINGLE_FLIGHT_LEASE_SECONDS": "120",  # a busy machine does not lose a lock
    **{f"{name.upper()}_API_KEY": KEY for name in DEFAULT_BASE_URLS if name != "workers_ai"},
}
GOOD = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hi"},
            "finish_reason": "stop",
            "logprobs": None,
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}
CHUNKS = (
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "hi"}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
)
STREAM = "".join(
    f"data: {json.dumps({'id': 'c1', 'object': 'chat.completion.chunk', **chunk})}\n\n"
    for chunk in CHUNKS
)
STREAM += "data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Said:
    """A provider's answer. ``breaks``: how, after its headers."""

    status: int = 200
    body: str = json.dumps(GOOD)
    media_type: str = "application/json"
    breaks: FetchFailed | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt."""

    method: str
    url: str
    body: Any
    timeout: float
    key: str


class Request(MemoryRequest):
    """A client that may leave."""

    def __init__(self, world: "World", path: str, headers: dict[str, str], body: Any) -> None:
        super().__init__(path, headers, body)
        self._world = world

    def client_left(self) -> bool:
        return self._world.left


class Answer(MemoryResponse):
    """With a status of its own."""

    def __init__(self, said: Said) -> None:
        super().__init__((said.media_type, said.body))
        self.status = said.status
        self._breaks = said.breaks

    async def text(self) -> str:
        if self._breaks is not None:
            raise self._breaks
        return await super().text()


class World(MemoryPlatform):
    """One project and everything around it.

    ``answer``: the provider; it may raise. ``sent``: every attempt. ``left``: the client has gone.
    ``moved``: seconds by which the clock is ahead. ``redis_away``: how Redis fails.
    ``supabase_away``: rows are not taken; ``insert_waits_for``: not before that.
    """

    def __init__(self, beside: "World | None" = None, **env: str) -> None:
        """``beside``: another process of the same deployment."""
        super().__init__(lambda *_: ("", ""), beside)
        self.redis_away: FetchFailed | None = None
        self.supabase_away = False
        self.insert_waits_for: asyncio.Event | None = None
        self._lost = ""
        self._env = ENV | env
        self.answer: Callable[[Sent], Said | Awaitable[Said]] = lambda _: Said()
        self.sent: list[Sent] = []
        self.left = False
        self.moved = 0.0
        self.runtime = Runtime(settings.load(self._env, DEFAULT_BASE_URLS))
        self.key = beside.key if beside else api_keys.generate()
        if beside is None:
            self.be()

    def be(self, **project: Any) -> None:
        """The project's settings from now on."""
        self.records[api_keys.key_hash(self.key, b"pepper")] = RECORD | {
            "key_id": "key",
            "project_id": "aaaaaaaa-0000-4000-8000-000000000000",
            "organization_id": "organization",
            "project": RECORD["project"] | project,
        }
        self.runtime = Runtime(settings.load(self._env, DEFAULT_BASE_URLS))

    def monotonic(self) -> float:
        return super().monotonic() + self.moved

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
    ) -> MemoryResponse:
        key = dict(headers).get("authorization", "").removeprefix("Bearer ")
        sent = json.loads(body) if isinstance(body, str) else None  # a form is not read
        self.sent.append(Sent(method, url, sent, timeout, key))
        said = self.answer(self.sent[-1])
        return Answer(said if isinstance(said, Said) else await said)

    async def call(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: str | bytes,
        *,
        timeout: float,
    ) -> tuple[int, str]:
        if self.redis_away is not None and url.startswith(ENV["UPSTASH_REDIS_REST_URL"]):
            raise self.redis_away
        if "/usage_logs?" in url:
            if self.supabase_away:
                raise FetchFailed("connection refused")
            if self.insert_waits_for is not None:
                await self.insert_waits_for.wait()
        answer = await super().call(method, url, headers, body, timeout=timeout)
        if self._lost and self._lost in str(body):
            raise FetchFailed("the connection broke before the answer")
        return answer

    def lose_answers_of(self, text: str) -> None:
        """Commands with this text are run, and nobody hears of it; empty: all is well again."""
        self._lost = text

    async def post(self, path: str = "/v1/chat/completions", **body: Any) -> tuple[int, str]:
        """Status and text of a request; what it left to do is done."""
        request = Request(self, path, {"authorization": f"Bearer {self.key}"}, body)
        response = await app.handle(self.runtime, self, request)
        text = await read(response)
        await self.finish()
        return response.status, text

    async def chat(
        self, model: str = "gpt-4o", text: str = "hello", **body: Any
    ) -> tuple[int, str]:
        """A chat completion that is never cached."""
        messages = [{"role": "user", "content": text}]
        return await self.post(model=model, messages=messages, store=True, **body)


def code(text: str) -> Any:
    """The code in an error body."""
    return json.loads(text)["error"]["code"]
