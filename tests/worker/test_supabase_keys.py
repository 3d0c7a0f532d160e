"""Hosted Supabase: the publishable key opens its gateway, the JWT names the role."""

import pytest

from gateway.admission.auth import KeyResolver
from gateway.core.http import FetchFailed
from gateway.redis.store import Store
from gateway.reporting import writer
from shared import api_keys
from tests.doubles.postgrest import PostgrestDouble
from tests.doubles.upstash import UpstashDouble
from tests.worker.edge import RECORD
from tests.worker.in_process import Isolate, isolate, usage_row

PUBLISHABLE = "sb_publishable_0123456789"
IDS = {"key_id": "k", "project_id": "p", "organization_id": "o"}


async def record_project(one: Isolate, key: str) -> str | None:
    """The project of ``key`` as Supabase answers it."""
    runtime = one.runtime
    settings = runtime.settings
    store = Store(
        one.platform, settings.redis_url, settings.redis_token, timeout=5, breaker=runtime.redis
    )
    resolver = KeyResolver(one.platform, store, settings, runtime.keys, runtime.supabase)
    record = await resolver.newest(api_keys.key_hash(key, settings.api_key_peppers[0]))
    return record and record.project_id


@pytest.mark.parametrize(
    ("gateway_key", "env"),
    [
        (PUBLISHABLE, {"SUPABASE_PUBLISHABLE_KEY": PUBLISHABLE}),
        (PostgrestDouble.key, {}),  # one key for both: the dashboard's own routes, older projects
    ],
)
async def test_look_up_and_insert(gateway_key: str, env: dict[str, str]) -> None:
    key = api_keys.generate()
    with PostgrestDouble(gateway_key) as supabase, UpstashDouble() as upstash:
        supabase.records[api_keys.key_hash(key, b"pepper")] = RECORD | IDS
        async with isolate(supabase, upstash, **env) as one:
            assert await record_project(one, key) == "p"
            one.runtime.outbox.pending.add(usage_row(1), 0.0)
            assert await writer.deliver(one.platform, one.runtime.outbox)
        assert len(supabase.usage_logs) == 1


async def test_the_jwt_alone_does_not_open_a_gateway_with_its_own_key() -> None:
    with PostgrestDouble(PUBLISHABLE) as supabase, UpstashDouble() as upstash:
        async with isolate(supabase, upstash) as one:
            with pytest.raises(FetchFailed, match="status 401"):
                await record_project(one, api_keys.generate())
