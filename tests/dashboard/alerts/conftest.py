"""An hour of traffic, and the edge's Redis."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone
from upstash_redis import Redis

from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey
from apps.usage.models import UsageHourly
from tests.doubles.upstash import UpstashDouble

Traffic = Callable[..., None]


@pytest.fixture
def redis(upstash: UpstashDouble) -> Iterator[Redis]:
    """The edge's own way to it."""
    with Redis(upstash.url, upstash.token, allow_telemetry=False) as client:
        yield client


@pytest.fixture
def traffic(project: Project, created_key: CreatedApiKey) -> Traffic:
    """Adds to the hourly sums of the project."""

    def add(requests: int, *, hour: datetime | None = None, **more: Any) -> None:
        moment = hour or timezone.now()
        values: dict[str, Any] = {
            "hour": moment.replace(minute=0, second=0, microsecond=0),
            "organization": project.organization,
            "project": project,
            "api_key": created_key.api_key,
            "endpoint": "/v1/chat/completions",
            "provider": "openai",
            "model": f"m{UsageHourly.objects.count()}",
            "cache_status": "MISS",
            "requests": requests,
            "quota_requests": requests,
        }
        sums = ("errors", "unpriced_requests", "prompt_tokens", "completion_tokens")
        more_sums = (
            "cached_tokens",
            "cost_nanousd",
            "saved_nanousd",
            "latency_ms_sum",
        )
        UsageHourly.objects.create(**dict.fromkeys(sums + more_sums, 0) | values | more)

    return add
