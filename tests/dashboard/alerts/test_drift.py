"""The edge's counter and the log: repaired without losing what is counted meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from upstash_redis import Redis

from apps.accounts.models import Organization, User
from apps.accounts.services.organizations import organization_create
from apps.alerts.models import QuotaCheck
from apps.alerts.services.drift import quota_drift_repair
from apps.projects.services.api_keys import CreatedApiKey, api_key_create
from apps.projects.services.projects import project_create
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from shared import redis_keys
from tests.dashboard.usage_rows import usage_row
from tests.doubles.upstash import UpstashDouble

pytestmark = pytest.mark.django_db
Log = Callable[..., None]


@pytest.fixture
def log(created_key: CreatedApiKey) -> Log:
    """Adds rows to the request log, and to the sums."""

    def add(count: int, *, rolled_up: bool = True, **more: Any) -> None:
        values = {"ts": timezone.now(), "upstream_ms": 4} | more
        UsageLog.objects.bulk_create(usage_row(created_key.api_key, **values) for _ in range(count))
        if rolled_up:
            usage_rollup()

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


def test_rows_are_counted_whether_they_are_in_the_sums_yet_or_not(
    log: Log, redis: Redis, organization: Organization
) -> None:
    log(100)
    log(40, rolled_up=False)
    log(7, rolled_up=False, error_code="invalid_json", upstream_ms=None)
    log(5, rolled_up=False, ts=timezone.now() - timedelta(days=6))  # February's
    quota_drift_repair()
    assert _counter(redis, organization) == 140


def test_a_log_that_was_shortened_gives_no_requests_back(
    log: Log, redis: Redis, organization: Organization, clock: Any
) -> None:
    log(100)
    redis.set(redis_keys.quota(str(organization.pk), "202603"), 100)
    UsageLog.objects.all().delete()
    for _ in range(2):
        assert quota_drift_repair() == 0
        clock.shift(timedelta(minutes=30))
    assert _counter(redis, organization) == 100


def test_the_log_is_read_from_the_watermark_on_and_queries_do_not_grow(
    log: Log, redis: Redis, organization: Organization, owner: User
) -> None:
    log(30)
    with CaptureQueriesContext(connection) as one:
        quota_drift_repair()
    for name in ("B", "C", "D"):
        other = organization_create(name=name, owner=owner, actor=owner)
        project = project_create(organization=other, name=name, actor=owner)
        key = api_key_create(project=project, name=name, actor=owner).api_key
        usage_row(key, ts=timezone.now()).save()
    QuotaCheck.objects.all().delete()
    with CaptureQueriesContext(connection) as four:
        quota_drift_repair()
    assert QuotaCheck.objects.count() == 4
    assert len(one) == len(four) <= 6
    (reading,) = [query["sql"] for query in four if '"usage_logs"' in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {reading}")
        plan = [row[-1] for row in cursor.fetchall()]
    (log_step,) = [step for step in plan if " usage_logs" in step]
    assert log_step == "SEARCH usage_logs USING INTEGER PRIMARY KEY (rowid>?)"


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
