"""The gateway in the test's own process, on the CPython host's platform and real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gateway.core import settings
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from hosts.cpython.host import CPythonPlatform
from hosts.cpython.postgres import Database
from shared.usage_events import UsageEvent
from tests.doubles.postgrest import PostgrestDouble
from tests.doubles.upstash import UpstashDouble

ENCRYPTION_KEYS = "k1:" + "A" * 43 + "="


@dataclass(slots=True)
class Isolate:
    """One process's worth of gateway."""

    platform: CPythonPlatform
    runtime: Runtime


@asynccontextmanager
async def isolate(
    supabase: PostgrestDouble, upstash: UpstashDouble, **env: str
) -> AsyncIterator[Isolate]:
    """A runtime and its platform; background work is cancelled at the end."""
    environment = {
        "ENVIRONMENT": "test",
        "SUPABASE_URL": supabase.url,
        "SUPABASE_KEY": supabase.key,
        "UPSTASH_REDIS_REST_URL": upstash.url,
        "UPSTASH_REDIS_REST_TOKEN": upstash.token,
        "API_KEY_PEPPER": "pepper",
        "ENCRYPTION_KEYS": ENCRYPTION_KEYS,
        "STORE_TIMEOUT_MS": "5000",
        **env,
    }
    url = env.get("DATABASE_URL")
    platform = CPythonPlatform(database=Database(url) if url else None)
    try:
        yield Isolate(platform, Runtime(settings.load(environment, DEFAULT_BASE_URLS)))
    finally:
        await platform.finish(0.01)
        await platform.close()


def usage_row(number: int, project: str = "project-a", **changes: Any) -> dict[str, Any]:
    """A row as a request makes it; ``number`` is its request id."""
    event = UsageEvent(
        request_id=f"{project}.{number}",
        ts="2026-11-23T12:00:00+00:00",
        project_id=project,
        organization_id=f"{project}-org",
        api_key_id=f"{project}-key",
        endpoint="/v1/chat/completions",
        model="gpt-4o-mini",
    )
    return event.row() | changes
