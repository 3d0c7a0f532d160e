"""A row tells the provider's time from ours, to the millisecond."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway import app
from gateway.core import settings
from gateway.core.http import FetchFailed, UpstreamResponse
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from tests.worker.memory_platform import MemoryBody, MemoryPlatform, MemoryRequest, MemoryResponse
from tests.worker.memory_platform import read as read_body
from tests.worker.test_faults_tenants import ENV, enter, provider

OURS, HEADERS, BODY, CHUNK, CHUNKS = 4, 40, 200, 100, 3


class SlowResponse(MemoryResponse):
    """Its body takes a while after its headers."""

    platform: "KnownDelays"

    async def text(self) -> str:
        self.platform.passes(BODY)
        return await super().text()


class SlowCopy(MemoryBody):
    """The edge's copy of a stream of three pieces."""

    def __init__(self, text: str, platform: "KnownDelays") -> None:
        super().__init__(text)
        self._platform = platform

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = -(-len(self._data) // CHUNKS)
        for start in range(0, len(self._data), size):
            self._platform.passes(CHUNK)
            yield self._data[start : start + size]


class KnownDelays(MemoryPlatform):
    """Time passes only where it says so: with the provider, and in calls of Redis or
    Supabase before it is asked."""

    def __init__(self, *, failures: int) -> None:
        super().__init__(provider({}))
        self._milliseconds = 1000
        self._failures = failures
        self.before_provider = 0

    def passes(self, milliseconds: int) -> None:
        self._milliseconds += milliseconds

    def monotonic(self) -> float:
        return self._milliseconds / 1000

    async def call(self, *args: Any, **options: Any) -> tuple[int, str]:
        if not self.before_provider:
            self.passes(OURS)
        return await super().call(*args, **options)

    async def fetch(self, *args: Any, **options: Any) -> MemoryResponse:
        self.before_provider = self.before_provider or self._milliseconds - 1000
        self.passes(HEADERS)
        if self._failures:
            self._failures -= 1
            raise FetchFailed("connection reset")
        answer = await super().fetch(*args, **options)
        slow = SlowResponse((answer.headers["content-type"], answer.body))
        slow.platform = self
        return slow

    def split(self, upstream: UpstreamResponse, **_: Any) -> tuple[MemoryBody, MemoryBody]:
        assert isinstance(upstream, MemoryResponse)
        return MemoryBody(upstream.body), SlowCopy(upstream.body, self)


@pytest.mark.parametrize("failures", [0, 1])
@pytest.mark.parametrize("stream", [False, True])
async def test_what_a_miss_waited_for_its_provider(*, stream: bool, failures: int) -> None:
    platform = KnownDelays(failures=failures)
    try:
        tenant = enter(platform, "a", 1.0)
        runtime = Runtime(settings.load(ENV, DEFAULT_BASE_URLS))
        messages = [{"role": "user", "content": "Name a colour."}]
        body = {"model": "gpt-4o-mini", "messages": messages, "stream": stream}
        sent = {"authorization": f"Bearer {tenant.key}"}
        request = MemoryRequest("/v1/chat/completions", sent, body)
        await read_body(await app.handle(runtime, platform, request))
        await platform.finish()
        (row,) = platform.usage_logs
    finally:
        await platform.close()

    ours, headers = platform.before_provider, HEADERS * (1 + failures)
    assert ours >= OURS
    upstream = headers + (CHUNKS * CHUNK if stream else BODY)
    assert (row["upstream_ms"], row["latency_ms"]) == (upstream, ours + upstream)
    assert row["ttfb_ms"] == (ours + headers + CHUNK if stream else None)
