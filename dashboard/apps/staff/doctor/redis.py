"""Redis through Upstash's REST API: scripts by hash, as the Worker runs them, and its latency."""

import hashlib
import statistics
import time
from collections.abc import Iterator

import httpx
from django.conf import settings
from upstash_redis.errors import UpstashError

from apps.projects.redis import redis_client, redis_configured
from apps.staff.doctor.findings import Finding

SLOW_MS = 100.0
_SCRIPT = "return redis.call('TIME')"
_ROUNDS = 5


def check() -> Iterator[Finding]:
    """``EVALSHA``, and the median round trip of five."""
    if not redis_configured():
        mend = "Without it, changes reach the edge within two minutes instead of at once."
        yield Finding("redis", "warning", "UPSTASH_REDIS_REST_URL is not set", mend)
        return
    sha1 = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()
    took = []
    try:
        with redis_client() as redis:
            redis.script_load(_SCRIPT)
            for _ in range(_ROUNDS):
                began = time.perf_counter()
                redis.evalsha(sha1)
                took.append((time.perf_counter() - began) * 1000)
    except UpstashError as error:
        mend = "Check UPSTASH_REDIS_REST_TOKEN; it must not be the read-only one."
        yield Finding("redis", "failed", f"refused: {str(error)[:200]}", mend)
        return
    except (httpx.HTTPError, OSError) as error:
        says = f"{settings.UPSTASH_REDIS_REST_URL}: {type(error).__name__}"
        yield Finding("redis", "failed", says, "Check UPSTASH_REDIS_REST_URL.")
        return
    median = statistics.median(took)
    says = f"scripts run, {median:.0f} ms a round trip from here"
    if median > SLOW_MS:
        mend = "Every request waits for one from the edge: choose a region near your users."
        yield Finding("redis", "warning", says, mend)
    else:
        yield Finding("redis", "ok", says)
