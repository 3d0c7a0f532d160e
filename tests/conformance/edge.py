"""One edge in the test's own process, before a provider that says what the case says."""

import asyncio
import copy
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from gateway import app
from gateway.core import settings
from gateway.core.http import FetchFailed, Response, UpstreamResponse
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS, PROVIDERS
from shared import api_keys
from tests.worker.edge import RECORD, credential
from tests.worker.memory_platform import MemoryBody, MemoryPlatform, MemoryRequest, MemoryResponse
from tests.worker.memory_platform import read as read_body

PEPPER = "pepper"
BREAK = "\x00break\x00"
"""Stands in a stream where the connection breaks."""
_ENVIRONMENT = {
    "ENVIRONMENT": "test",
    "SUPABASE_URL": "http://supabase.invalid",
    "SUPABASE_KEY": "key",
    "UPSTASH_REDIS_REST_URL": "http://redis.invalid",
    "UPSTASH_REDIS_REST_TOKEN": "token",
    "API_KEY_PEPPER": PEPPER,
    "ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
    "WORKERS_AI_BASE_URL": "http://workers-ai.invalid/v1",
    **{f"{name.upper()}_API_KEY": "key" for name in PROVIDERS},
}


@dataclass(slots=True)
class Sent:
    """A request as the provider got it."""

    method: str
    url: str
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class Answer:
    """What the provider says. A stream may hold ``BREAK``."""

    text: str
    content_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class _Answered(MemoryResponse):
    def __init__(self, answer: Answer) -> None:
        super().__init__((answer.content_type, answer.text))
        self.status = answer.status
        self.headers |= answer.headers


class _Body(MemoryBody):
    """Ends as a broken connection does where the answer says so."""

    def __init__(self, text: str) -> None:
        text, self._breaks, _ = text.partition(BREAK)
        super().__init__(text)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in super().__aiter__():
            yield chunk
        if self._breaks:
            raise FetchFailed("connection reset")


class _Platform(MemoryPlatform):
    def __init__(self) -> None:
        super().__init__(lambda *_: ("", ""))
        self.sent: list[Sent] = []
        self.answers: list[Answer] = []

    async def fetch(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: Any = None,
        **_: Any,
    ) -> MemoryResponse:
        await asyncio.sleep(0)
        self.sent.append(Sent(method, url, dict(headers), json.loads(body) if body else None))
        return _Answered(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])

    def split(
        self, upstream: UpstreamResponse, *, first_timeout: float, idle_timeout: float
    ) -> tuple[MemoryBody, MemoryBody]:
        assert isinstance(upstream, MemoryResponse)
        return _Body(upstream.body), _Body(upstream.body)


class _Request(MemoryRequest):
    def __init__(self, request: httpx.Request) -> None:
        self.method = request.method
        self.path = request.url.path
        self.query = request.url.query.decode()
        self._headers = {name.lower(): value for name, value in request.headers.items()}
        self._text = request.content.decode()


class Edge(httpx.BaseTransport):
    """The transport of every client in front of it: no sockets, one request after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._platform = _Platform()
        self._runtime = Runtime(settings.load(_ENVIRONMENT, DEFAULT_BASE_URLS))

    def project(self, own_key: str = "", **changes: Any) -> str:
        """The key of a new project whose provider is still silent.

        ``own_key``: a provider for which it has a key of its own.
        """
        key = api_keys.generate()
        record = copy.deepcopy(RECORD)
        record["project"] |= changes
        project_id = str(uuid.uuid4())
        self._platform.records[api_keys.key_hash(key, PEPPER.encode())] = record | {
            "key_id": str(uuid.uuid4()),
            "project_id": project_id,
            "organization_id": str(uuid.uuid4()),
            "credentials": [credential(project_id, own_key, "key")] if own_key else [],
        }
        self._platform.sent.clear()
        self._platform.answers.clear()
        return key

    def answers(self, *answers: Answer) -> None:
        """What the provider says next, and after that; the last one again and again."""
        self._platform.answers[:] = answers

    @property
    def sent(self) -> list[Sent]:
        """What the provider was asked by the newest project."""
        return self._platform.sent

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The usage rows of every project."""
        return self._platform.usage_logs

    def client(self, key: str) -> httpx.Client:
        """An HTTP client of the project with this key."""
        headers = {"authorization": f"Bearer {key}"}
        return httpx.Client(transport=self, base_url="http://edge.invalid", headers=headers)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, and let the work after the answer be done: what comes next finds it stored."""
        request.read()
        return self._loop.run_until_complete(self._handle(request))

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        response = await app.handle(self._runtime, self._platform, _Request(request))
        text = await _read(response)
        await self._platform.finish()
        return httpx.Response(response.status, headers=response.headers, content=text.encode())

    def end(self) -> None:
        """End the store and the loop. (``close`` is every client's own.)"""
        self._loop.run_until_complete(self._platform.close())
        self._loop.close()


async def _read(response: Response) -> str:
    """The body as the hosts send it: a stream that breaks ends with the error event."""
    body = response.body
    if isinstance(body, str | bytes):
        return await read_body(response)
    received = bytearray()
    change = body.transform or (lambda chunk: chunk)
    try:
        async for chunk in body.source:
            received += change(chunk)
        if body.transform:
            received += body.transform(b"")
    except FetchFailed as error:
        received += body.broken(error)
    return received.decode()
