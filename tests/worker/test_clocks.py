"""A wall clock that is set back makes no negative duration, and so costs no usage row."""

import importlib.util
import time
from pathlib import Path

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


def test_a_workers_clock_is_read_once_between_awaits_and_never_goes_back() -> None:
    file = Path(__file__).resolve().parents[2] / "worker/src/hosts/cloudflare/clock.py"
    spec = importlib.util.spec_from_file_location("workers_clock", file)
    assert spec is not None
    assert spec.loader is not None
    clock = importlib.util.module_from_spec(spec)  # the package around it needs JavaScript
    spec.loader.exec_module(clock)
    readings = iter([5_000.0, 4_000.0, 6_000.0])
    clock.read_by(lambda: next(readings))
    assert [clock.now(), clock.monotonic(), clock.now()] == [5.0] * 3
    clock.begins()
    assert [clock.monotonic(), clock.now()] == [5.0, 4.0]
    clock.begins(5_500.0)
    assert [clock.monotonic(), clock.now()] == [5.5, 5.5]
    clock.begins()
    assert clock.monotonic() == 6.0
