"""A key that was revoked while Supabase cannot be asked."""

import json
from typing import Any

import pytest

from gateway.admission.auth import RECORD_SECONDS, REFUSAL_SECONDS, KeyResolver
from gateway.admission.key_memory import KeyMemory
from gateway.core.breaker import Breaker
from gateway.core.errors import GatewayError, KeyRevoked, ProjectSuspended
from gateway.core.http import FetchFailed
from gateway.core.probed_breaker import ProbedBreaker
from gateway.core.settings import load
from gateway.redis.store import Store
from shared import api_keys, key_record, redis_keys, signed_value
from tests.worker.memory_platform import MemoryPlatform
from tests.worker.test_key_look_ups import RECORD_OF_A_KEY
from tests.worker.test_wrong_types import ANSWERS, ENV


class SupabaseAway(MemoryPlatform):
    """Its clock stands where it is put; reads of Redis are counted."""

    seconds = 1_000.0

    def monotonic(self) -> float:
        return self.seconds

    async def call(self, method: str, url: str, *rest: Any, **more: Any) -> tuple[int, str]:
        if "resolve_api_key" in url:
            raise FetchFailed("refused")
        return await super().call(method, url, *rest, **more)


@pytest.mark.parametrize(
    ("status", "error"), [("revoked", KeyRevoked), ("suspended", ProjectSuspended)]
)
async def test_redis_is_asked_now_and_then_whether_the_key_was_revoked(
    status: str, error: type[GatewayError]
) -> None:
    platform = SupabaseAway(lambda *_: ("application/json", json.dumps(ANSWERS["chat"])))
    settings, memory, breaker = load(ENV, {}), KeyMemory(), Breaker()
    key = api_keys.generate()
    digest = api_keys.key_hash(key, settings.api_key_peppers[0])
    name = redis_keys.key_refused(digest)
    record = key_record.parse(RECORD_OF_A_KEY)
    store = Store(platform, "http://redis", "token", timeout=1, breaker=ProbedBreaker())
    resolver = KeyResolver(platform, store, settings, memory, breaker)

    async def served() -> bool:
        return (await resolver.authenticate(key))[1] == record

    try:
        memory.remember(digest, record, platform.seconds)
        platform.seconds += RECORD_SECONDS + 1
        assert await served()
        await store.put(name, status, ttl_seconds=3_900)  # by somebody without the pepper
        platform.seconds += REFUSAL_SECONDS + 1
        assert await served()
        signed = signed_value.sign(settings.api_key_peppers[0], name, status)
        await store.put(name, signed, ttl_seconds=3_900)
        asked = len(platform.stored)
        assert await served()  # within five seconds of the last look
        assert len(platform.stored) == asked
        platform.seconds += REFUSAL_SECONDS + 1
        for _ in range(3):
            with pytest.raises(error):
                await resolver.authenticate(key)
        assert len(platform.stored) == asked + 1
    finally:
        await platform.close()
