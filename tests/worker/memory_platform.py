"""A host without sockets: the whole gateway in the test's own process, thousands of requests.

Redis is behind the same REST API as everywhere, the embedded store or a real server; Supabase is a
dictionary, and the provider a function of the test. Background work is awaited by ``finish``.
"""

import asyncio
import itertools
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.core.http import Live, Response, Upload, UpstreamResponse
from local_stack.redis_rest.api import Request as RestRequest
from local_stack.redis_rest.api import RestApi
from local_stack.redis_rest.embedded import EmbeddedStore
from local_stack.redis_rest.redis_server import RedisServerStore
from local_stack.redis_rest.store import Store

Answer = tuple[str, str]
"""Content type and text of a provider's answer."""
Provider = Callable[[dict[str, str], dict[str, Any]], Answer]


class MemoryRequest:
    """An incoming request with a JSON body."""

    method = "POST"
    query = ""

    def __init__(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> None:
        self.path = path
        self._headers = headers
        self._text = json.dumps(body)

    def header(self, name: str) -> str | None:
        return self._headers.get(name)

    def client_left(self) -> bool:
        return False

    async def text(self, limit: int) -> str:
        assert len(self._text) <= limit
        return self._text

    def stream(self, limit: int) -> Upload:
        assert len(self._text) <= limit
        return Upload(self._text)


class MemoryResponse:
    """A provider's answer that is there already."""

    status = 200

    def __init__(self, answer: Answer) -> None:
        self.headers = {"content-type": answer[0]}
        self.body = answer[1]

    async def begin(self) -> bytes:
        return self.body[:16].encode()

    async def text(self) -> str:
        return self.body

    async def close(self) -> None:
        """Nothing is open."""


class MemoryBody:
    """Both readers of a body: it comes in small pieces, with other work in between."""

    def __init__(self, text: str) -> None:
        self._data = text.encode()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._data), 97):
            await asyncio.sleep(0)
            yield self._data[start : start + 97]

    def ends(self) -> None:
        """It ends there anyhow."""

    def client_left(self) -> bool:
        return False

    async def cancel(self) -> None:
        """Nothing is open."""


def _store(redis_url: str | None) -> Store:
    return RedisServerStore(redis_url) if redis_url else EmbeddedStore()


class MemoryPlatform:
    """See ``gateway.core.platform.Platform``."""

    has_queue = False
    reads_streams = True
    has_redis = False
    has_database = False
    opener = None

    def __init__(
        self,
        provider: Provider,
        beside: "MemoryPlatform | None" = None,
        *,
        redis_url: str | None = None,
    ) -> None:
        """``beside``: another process of the same deployment, with its Redis and Supabase.
        ``redis_url``: a real Redis, which answers thousands of requests in half the time."""
        self._provider = provider
        self._redis: Store = beside._redis if beside else _store(redis_url)
        self._api = RestApi(self._redis, "token")
        self._ids: Iterator[int] = beside._ids if beside else itertools.count(1)
        self._background: set[asyncio.Task[None]] = set()
        self.records: dict[str, dict[str, Any]] = beside.records if beside else {}
        self.usage_logs: list[dict[str, Any]] = beside.usage_logs if beside else []
        self.stored: list[str] = []
        """Every command that was sent to Redis, as JSON."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def request_id(self) -> str:
        return f"{next(self._ids):032x}"

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.001))

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
        await asyncio.sleep(0)
        return MemoryResponse(self._provider(dict(headers), json.loads(body)))

    async def call(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: str | bytes,
        *,
        timeout: float,
    ) -> tuple[int, str]:
        data = body.encode() if isinstance(body, str) else body
        if url.endswith("/rpc/resolve_api_key"):
            return 200, json.dumps(self.records.get(json.loads(data)["key_hash"]))
        if "/usage_logs?" in url:
            self.usage_logs += json.loads(data)
            return 201, ""
        self.stored.append(data.decode())
        answer = await self._api.handle(RestRequest("POST", "/", "", "Bearer token", "", "", data))
        return answer.status, answer.body.decode()

    async def redis(self, command: Any, *, timeout: float) -> Any:
        raise NotImplementedError

    async def enqueue(self, message: str) -> None:
        raise NotImplementedError

    def split(
        self, upstream: UpstreamResponse, *, first_timeout: float, idle_timeout: float
    ) -> tuple[MemoryBody, MemoryBody]:
        assert isinstance(upstream, MemoryResponse)
        return MemoryBody(upstream.body), MemoryBody(upstream.body)

    def relay(self, upstream: UpstreamResponse, *, idle_timeout: float) -> MemoryBody:
        assert isinstance(upstream, MemoryResponse)
        return MemoryBody(upstream.body)

    def soon(self, act: Callable[[], None]) -> None:
        act()

    def wait_until(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._done)

    async def seal(self, key: bytes, plaintext: bytes, aad: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)

    async def unseal(self, key: bytes, sealed: bytes, aad: bytes) -> bytes:
        try:
            return AESGCM(key).decrypt(sealed[:12], sealed[12:], aad)
        except InvalidTag as error:
            raise ValueError("does not open") from error

    async def finish(self) -> None:
        """Wait for background work; raises what went wrong there."""
        while self._background:
            await asyncio.gather(*self._background)

    async def close(self) -> None:
        """End the store."""
        await self._redis.close()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)


async def read(response: Response) -> str:
    """The whole body as a client gets it."""
    body = response.body
    if isinstance(body, str):
        return body
    if isinstance(body, bytes):
        return body.decode()
    assert isinstance(body, Live)
    change = body.transform or (lambda chunk: chunk)
    received = [change(chunk) async for chunk in body.source]
    return b"".join([*received, body.transform(b"") if body.transform else b""]).decode()
