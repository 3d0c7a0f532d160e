"""The dashboard's Redis client: Upstash's REST API, with a short timeout."""

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from upstash_redis import Redis


def redis_configured() -> bool:
    """False where the edge's Redis is not known to the dashboard."""
    return bool(settings.UPSTASH_REDIS_REST_URL)


def redis_client() -> "Redis":
    """A client that gives up soon; the library's own has no timeout and retries after 3 s."""
    import httpx  # late: only a page that asks Redis pays for the import
    from upstash_redis import Redis

    redis = Redis(
        settings.UPSTASH_REDIS_REST_URL,
        settings.UPSTASH_REDIS_REST_TOKEN,
        rest_retries=0,
        allow_telemetry=False,
    )
    redis._http._client.timeout = httpx.Timeout(settings.REDIS_TIMEOUT_SECONDS)
    return redis
