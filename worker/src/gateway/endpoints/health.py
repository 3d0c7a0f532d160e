"""``GET /health``: the process answers. ``GET /health/detailed``: its connections and backlogs."""

import asyncio
import hmac
import json
from collections.abc import Awaitable
from typing import Any

from gateway.core import errors
from gateway.core.http import FetchFailed, Response
from gateway.core.platform import json_headers
from gateway.core.probed_breaker import ProbedBreaker
from gateway.pipeline.request_context import RequestContext
from gateway.redis.store import Store, StoreUnavailable
from gateway.redis.upstash import UpstashError
from shared.version import VERSION

_HEADERS = (("content-type", "application/json"), ("cache-control", "no-store"))
_NO_KEY = "0" * 64
_TIMEOUT_SECONDS = 3.0


async def handle(context: RequestContext) -> Response:
    """Liveness; needs no key and calls no other service."""
    body = {
        "status": "ok",
        "version": VERSION,
        "environment": context.host.settings.environment,
    }
    if context.host.settings.release:
        body["release"] = context.host.settings.release
    return Response(200, [*_HEADERS], json.dumps(body, separators=(",", ":")))


async def detailed(context: RequestContext) -> Response:
    """The state of Redis, Supabase and the breakers, and the backlogs, of this isolate or process.

    Needs ``Bearer HEALTH_TOKEN``; where the variable is unset the route does not exist. 200 also
    when something is ``degraded``: requests of known keys are served without either service.
    """
    token = context.host.settings.health_token
    if not token:
        raise errors.NotFound("Unknown request URL: GET /health/detailed.")
    given = context.caller.request.header("authorization") or ""
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise errors.AuthenticationError("The health token is missing or wrong.")
    redis, supabase = await asyncio.gather(
        _timed(context, _redis(context)), _timed(context, _supabase(context))
    )
    body = {
        "status": "ok" if redis["ok"] and supabase["ok"] else "degraded",
        "version": VERSION,
        "environment": context.host.settings.environment,
        "release": context.host.settings.release or None,
        "redis": redis,
        "supabase": supabase,
        "breakers": _breakers(context),
        "pending": _pending(context),
    }
    return Response(200, [*_HEADERS], json.dumps(body))


async def _timed(context: RequestContext, check: Awaitable[None]) -> dict[str, Any]:
    """The check's outcome and its milliseconds; reasons carry no secret."""
    began = context.host.platform.monotonic()
    try:
        await check
    except (FetchFailed, StoreUnavailable, UpstashError) as error:
        return {"ok": False, "reason": str(error)}
    return {"ok": True, "ms": round((context.host.platform.monotonic() - began) * 1000, 1)}


async def _redis(context: RequestContext) -> None:
    settings = context.host.settings
    # A breaker of its own: this check must always ask, and its failure must not switch the cache
    # off.
    store = Store(
        context.host.platform,
        settings.redis_url,
        settings.redis_token,
        timeout=_TIMEOUT_SECONDS,
        breaker=ProbedBreaker(),
    )
    await store.command("PING")


async def _supabase(context: RequestContext) -> None:
    status, _ = await context.host.platform.call(
        "POST",
        f"{context.host.settings.supabase_url}/rest/v1/rpc/resolve_api_key",
        json_headers(*context.host.settings.supabase_headers()),
        json.dumps({"key_hash": _NO_KEY}),
        timeout=_TIMEOUT_SECONDS,
    )
    if status != 200:
        raise FetchFailed(f"status {status}")


def _breakers(context: RequestContext) -> dict[str, Any]:
    runtime, now = context.host.runtime, context.host.platform.monotonic()
    return {
        **runtime.breakers(now),
        "providers_open": runtime.providers.open_providers(now),
    }


def _pending(context: RequestContext) -> dict[str, Any]:
    runtime = context.host.runtime
    return {
        "usage_rows": len(runtime.outbox.pending.rows),
        "usage_refused": runtime.outbox.pending.refused,
        "usage_spooled": runtime.outbox.pending.spooled,
        "log_lines": len(runtime.outbox.logs.lines),
        "reports": len(runtime.outbox.reports.events),
    }
