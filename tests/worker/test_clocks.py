"""A wall clock that is set back makes no negative duration, and so costs no usage row."""

import time

from gateway import app
from gateway.core import settings
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from tests.worker.memory_platform import MemoryPlatform, MemoryRequest, read
from tests.worker.test_faults_tenants import ENV, enter, provider


class SetBack(MemoryPlatform):
    """Its wall clock is set back by a second with each reading."""

    readings = 0

    def now(self) -> float:
        self.readings += 1
        return time.time() - self.readings


async def test_no_duration_is_negative() -> None:
    numbers: dict[str, float] = {}
    platform = SetBack(provider(numbers))
    try:
        tenant = enter(platform, "a", 1.0)
        runtime = Runtime(settings.load(ENV, DEFAULT_BASE_URLS))
        for stream in (False, True, True):
            messages = [{"role": "user", "content": f"stream {stream}"}]
            body = {"model": "gpt-4o-mini", "messages": messages, "stream": stream}
            sent = {"authorization": f"Bearer {tenant.key}"}
            request = MemoryRequest("/v1/chat/completions", sent, body)
            response = await app.handle(runtime, platform, request)
            await read(response)
            await platform.finish()
            timing = dict(response.headers)["server-timing"]
            assert "=-" not in timing
        assert platform.readings > 3
        assert len(platform.usage_logs) == 3
        for row in platform.usage_logs:
            durations = [row[name] for name in ("latency_ms", "upstream_ms", "ttfb_ms")]
            assert all(value is None or value >= 0 for value in durations), row
    finally:
        await platform.close()
