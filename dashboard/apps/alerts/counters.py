"""The edge's monthly request counters in Redis (``shared.redis_keys.quota``)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from shared import redis_keys

if TYPE_CHECKING:
    from upstash_redis import Redis

_TIMEOUT_SECONDS = 5.0
_BATCH = 500
_TTL_SECONDS = 40 * 24 * 60 * 60  # as the edge sets it


class CountersUnavailableError(Exception):
    """Redis is not configured, or did not answer."""


def read_counters(organizations: Sequence[UUID], month: str) -> dict[UUID, int]:
    """Requests counted in ``month`` (``YYYYMM``); one round trip for 500 organizations."""
    found: dict[UUID, int] = {}
    with _redis() as redis:
        for start in range(0, len(organizations), _BATCH):
            batch = organizations[start : start + _BATCH]
            values = redis.mget(*(redis_keys.quota(str(pk), month) for pk in batch))
            found |= {pk: int(value or 0) for pk, value in zip(batch, values, strict=True)}
    return found


def add_to_counter(organization: UUID, month: str, difference: int) -> None:
    """Adds a difference instead of setting a value, so that concurrent requests are not lost."""
    key = redis_keys.quota(str(organization), month)
    with _redis() as redis:
        pipeline = redis.multi()
        pipeline.incrby(key, difference)
        pipeline.expire(key, _TTL_SECONDS)
        pipeline.exec()


@contextmanager
def _redis() -> Iterator["Redis"]:
    import httpx
    from upstash_redis import Redis
    from upstash_redis.errors import UpstashError

    if not settings.UPSTASH_REDIS_REST_URL:
        raise CountersUnavailableError("UPSTASH_REDIS_REST_URL is not set")
    redis = Redis(
        settings.UPSTASH_REDIS_REST_URL,
        settings.UPSTASH_REDIS_REST_TOKEN,
        rest_retries=1,
        allow_telemetry=False,
    )
    redis._http._client.timeout = httpx.Timeout(_TIMEOUT_SECONDS)
    try:
        with redis:
            yield redis
    except (httpx.HTTPError, UpstashError) as error:
        raise CountersUnavailableError(str(error)) from error
