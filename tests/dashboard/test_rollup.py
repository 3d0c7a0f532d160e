"""The hourly sums equal a recount of the log, in whatever order rows and runs come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.accounts.models import Plan
from apps.accounts.services.organizations import organization_create
from apps.projects.models import ApiKey
from apps.projects.services.api_keys import CreatedApiKey, api_key_create
from apps.projects.services.projects import project_create
from apps.usage.latency import BOUNDS_MS, bucket_of, percentile
from apps.usage.models import UsageHourly, UsageLog
from apps.usage.month import requests_this_month
from apps.usage.rollup import usage_rollup
from shared.usage_events import CACHE_STATUSES
from tests.dashboard.usage_rows import (
    recount,
    rolled_up,
    rows_at_the_bounds_are_counted,
    usage_row,
)

ROW = st.fixed_dictionaries(
    {
        # Across hour and day borders, with and without fractions, late ones as likely as new ones.
        "ts": st.timedeltas(timedelta(), timedelta(hours=4)).map(
            lambda later: datetime(2026, 11, 22, 22, tzinfo=UTC) + later
        ),
        "cache_status": st.sampled_from(CACHE_STATUSES),
        "model": st.sampled_from([None, "", "gpt-4o", "GPT-4o", "m" * 300]),
        "provider": st.sampled_from([None, "openai", "groq"]),
        "endpoint": st.sampled_from(["/v1/chat/completions", "/v1/embeddings"]),
        "status": st.sampled_from([200, 399, 400, 429, 502]),
        "prompt_tokens": st.none() | st.integers(0, 10**6),
        "completion_tokens": st.none() | st.integers(0, 10**6),
        "cached_tokens": st.none() | st.integers(0, 100),
        "cache_write_tokens": st.none() | st.integers(0, 100),
        "cache_write_hour_tokens": st.none() | st.integers(0, 100),
        "prompt_cache_nanousd": st.none() | st.integers(-(10**12), 10**12),
        "cost_nanousd": st.none() | st.integers(0, 10**13),
        "saved_nanousd": st.none() | st.integers(0, 10**13),
        "latency_ms": st.integers(0, 2_000_000),
        "upstream_ms": st.none() | st.integers(0, 10**6),
        "labels": st.sampled_from(
            [None, {}, {"user": "ada"}, {"user": "grace", "app": "x", "env": "prod"}, {"app": ""}]
        ),
        "error_code": st.sampled_from([None, "rate_limit_exceeded", "upstream_502"]),
        "decision": st.sampled_from(
            [
                None,
                {"eligible": False, "reason": "too long"},
                {"mode": "strict", "served": True},
                {"mode": "strict", "served": True, "agreed": True},
                {"mode": "balanced", "served": True, "agreed": False},
            ]
        ),
    }
)


class RollupProperty(TestCase):
    """hypothesis' TestCase: each example runs in a transaction of its own."""

    @settings(max_examples=30, deadline=None)
    @given(
        batches=st.lists(st.lists(st.tuples(st.integers(0, 1), ROW), max_size=8), max_size=5),
        runs=st.lists(st.integers(0, 2), min_size=5, max_size=5),
        batch_rows=st.sampled_from([1, 3, 50_000]),
    )
    def test_equals_a_recount(
        self, batches: list[list[tuple[int, dict[str, Any]]]], runs: list[int], batch_rows: int
    ) -> None:
        keys = []
        for name in ("A", "B"):
            organization = organization_create(
                name=name, owner=None, actor=None, plan=Plan.objects.get(slug="pro")
            )
            project = project_create(organization=organization, name=name, actor=None)
            keys.append(api_key_create(project=project, name=name, actor=None).api_key)
        for batch, times in zip(batches, runs, strict=False):
            UsageLog.objects.bulk_create(
                usage_row(keys[index], **values) for index, values in batch
            )
            for _ in range(times):
                usage_rollup(batch_rows=batch_rows)
        usage_rollup(batch_rows=batch_rows)
        assert rolled_up() == recount()
        for api_key in keys:
            api_key.refresh_from_db()
            used = UsageLog.objects.filter(api_key=api_key).order_by("-ts").first()
            assert api_key.last_used_at == (used.ts if used else None)


@pytest.mark.django_db
def test_a_late_row_lands_in_its_own_hour(created_key: CreatedApiKey) -> None:
    now = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    usage_row(created_key.api_key, ts=now).save()
    usage_rollup()
    usage_row(created_key.api_key, ts=now - timedelta(days=3)).save()
    assert usage_rollup() == 1
    hours = UsageHourly.objects.order_by("hour").values_list("hour", "requests")
    assert list(hours) == [
        (datetime(2026, 11, 20, 10, tzinfo=UTC), 1),
        (datetime(2026, 11, 23, 10, tzinfo=UTC), 1),
    ]


@pytest.mark.django_db
def test_no_tenants_money_stops_the_sums_of_another(created_key: CreatedApiKey) -> None:
    rows_at_the_bounds_are_counted(created_key.api_key, _another_tenants_key())


def _another_tenants_key() -> ApiKey:
    organization = organization_create(
        name="B", owner=None, actor=None, plan=Plan.objects.get(slug="pro")
    )
    project = project_create(organization=organization, name="B", actor=None)
    return api_key_create(project=project, name="B", actor=None).api_key


@pytest.mark.django_db
def test_deleting_old_log_rows_leaves_the_sums(created_key: CreatedApiKey) -> None:
    UsageLog.objects.bulk_create(usage_row(created_key.api_key) for _ in range(3))
    usage_rollup()
    before = rolled_up()
    UsageLog.objects.all().delete()
    assert usage_rollup() == 0
    assert rolled_up() == before


@pytest.mark.django_db
def test_the_months_number_is_what_the_edge_counts(created_key: CreatedApiKey) -> None:
    now = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    organization = created_key.api_key.project.organization
    for more in (
        {"upstream_ms": 4},
        {"upstream_ms": 4, "status": 429, "error_code": "rate_limit_exceeded"},
        {"upstream_ms": None, "status": 429, "error_code": "quota_exceeded"},
        {"upstream_ms": 4, "ts": now - timedelta(days=23)},
    ):
        usage_row(created_key.api_key, **{"ts": now} | more).save()
    usage_rollup()
    assert requests_this_month(organization, now) == 2


@pytest.mark.django_db
def test_the_command_reports_and_may_run_again(
    created_key: CreatedApiKey, capsys: pytest.CaptureFixture[str]
) -> None:
    UsageLog.objects.bulk_create(usage_row(created_key.api_key) for _ in range(3))
    call_command("rollup_usage")
    call_command("rollup_usage")
    assert capsys.readouterr().out == "counted 3 log ids\ncounted 0 log ids\n"


@pytest.mark.django_db
def test_statements_do_not_grow_with_the_rows(
    created_key: CreatedApiKey, django_assert_max_num_queries: Any
) -> None:
    UsageLog.objects.bulk_create(usage_row(created_key.api_key) for _ in range(200))
    with django_assert_max_num_queries(21):
        usage_rollup()


def test_buckets_hold_what_their_bounds_say() -> None:
    assert list(BOUNDS_MS) == sorted(set(BOUNDS_MS))
    for latency in (0, 1, 2, 99, 100, 599_999, 10**7):
        bucket = bucket_of(latency)
        assert bucket == len(BOUNDS_MS) or latency <= BOUNDS_MS[bucket]
        assert bucket == 0 or latency > BOUNDS_MS[bucket - 1]


@given(st.lists(st.integers(1, 600_000), min_size=1), st.sampled_from([0.5, 0.95]))
def test_a_percentile_is_right_to_within_a_bucket(latencies: list[int], share: float) -> None:
    counts: dict[int, int] = {}
    for latency in latencies:
        counts[bucket_of(latency)] = counts.get(bucket_of(latency), 0) + 1
    answer = percentile(counts, share)
    assert answer is not None
    ordered = sorted(latencies)
    exact = next(
        value for rank, value in enumerate(ordered, start=1) if rank >= share * len(ordered)
    )
    assert exact <= answer <= max(exact * 1.2, exact + 1)


def test_no_requests_have_no_percentile() -> None:
    assert percentile({}, 0.5) is None
