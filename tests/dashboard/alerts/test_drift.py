"""The edge's counter and the log: repaired without losing what is counted meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from upstash_redis import Redis

from apps.accounts.models import Organization
from apps.alerts.models import QuotaCheck
from apps.alerts.services.drift import quota_drift_repair
from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey
from apps.usage.models import UsageLog
from shared import redis_keys
from tests.dashboard.alerts.conftest import Traffic
from tests.doubles.upstash import UpstashDouble

pytestmark = pytest.mark.django_db
Log = Callable[..., None]


@pytest.fixture
def log(project: Project, created_key: CreatedApiKey, traffic: Traffic) -> Log:
    """Adds rows to the request log."""

    def add(count: int, **more: Any) -> None:
        start = UsageLog.objects.count()
        values = {
            "ts": timezone.now(),
            "project": project,
            "organization": project.organization,
            "api_key": created_key.api_key,
            "endpoint": "/v1/chat/completions",
            "stream": False,
            "cache_status": "MISS",
            "latency_ms": 5,
            "upstream_ms": 4,
            "status": 200,
        } | more
        UsageLog.objects.bulk_create(
            UsageLog(request_id=f"r{start + number}", **values) for number in range(count)
        )
        traffic(count)

    return add


def _counter(redis: Redis, organization: Organization) -> int:
    return int(redis.get(redis_keys.quota(str(organization.pk), "202603")) or 0)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel("2026-03-05T12:00:00Z", tick=False) as travel:
        yield travel


def test_a_counter_that_lost_its_data_is_raised_at_once(
    log: Log, redis: Redis, organization: Organization, upstash: UpstashDouble
) -> None:
    log(100)
    assert quota_drift_repair() == 1
    assert _counter(redis, organization) == 100
    assert 0 < redis.ttl(redis_keys.quota(str(organization.pk), "202603")) <= 3_456_000
    sent = [command[0] for command in upstash.commands()]
    assert "INCRBY" in sent  # by difference: a SET would lose requests that come in meanwhile
    assert "SET" not in sent


def test_refused_requests_were_never_counted(
    log: Log, redis: Redis, organization: Organization
) -> None:
    log(100)
    log(50, status=429, error_code="quota_exceeded", upstream_ms=None, cache_status="BYPASS")
    log(30, status=429, error_code="rate_limit_exceeded", upstream_ms=12)  # the provider's own
    quota_drift_repair()
    assert _counter(redis, organization) == 130


def test_an_excess_must_last_before_it_is_taken_off(
    log: Log, redis: Redis, organization: Organization, clock: Any
) -> None:
    log(100)
    redis.set(redis_keys.quota(str(organization.pk), "202603"), 400)
    assert quota_drift_repair() == 0
    clock.shift(timedelta(minutes=10))
    assert quota_drift_repair() == 0  # too soon to tell
    clock.shift(timedelta(minutes=30))
    log(200)  # most of it was only late
    assert quota_drift_repair() == 1
    assert _counter(redis, organization) == 300
    assert QuotaCheck.objects.get().repaired == -100


def test_a_small_difference_is_left_alone(
    log: Log, redis: Redis, organization: Organization
) -> None:
    log(100)
    redis.set(redis_keys.quota(str(organization.pk), "202603"), 85)
    assert quota_drift_repair() == 0
    assert _counter(redis, organization) == 85


def test_with_redis_away_nothing_fails(log: Log, upstash: UpstashDouble) -> None:
    log(100)
    upstash.break_with("refused")
    assert quota_drift_repair() == 0
    assert not QuotaCheck.objects.exists()
