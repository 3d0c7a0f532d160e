"""The alerts' own SQL on PostgreSQL: sums and rows in one statement, checks written at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.alerts.models import QuotaCheck, SemanticBound
from apps.alerts.services.drift import quota_drift_repair
from apps.alerts.services.semantic import semantic_alerts_due
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from tests.contract.tenants import tenant
from tests.dashboard.usage_rows import usage_row
from tests.doubles.upstash import UpstashDouble

pytestmark = pytest.mark.usefixtures("owner_database")


def test_the_counters_follow_sums_and_rows(settings: Any) -> None:
    customers = [tenant(), tenant()]
    for customer, rows in zip(customers, (60, 50), strict=True):
        UsageLog.objects.bulk_create(
            usage_row(customer.api_key, ts=timezone.now(), upstream_ms=3) for _ in range(rows)
        )
        if rows == 60:
            usage_rollup()  # the others are not in the sums yet
    checks = QuotaCheck.objects.filter(organization__in=[c.organization for c in customers])
    with UpstashDouble() as upstash:
        settings.UPSTASH_REDIS_REST_URL = upstash.url
        settings.UPSTASH_REDIS_REST_TOKEN = upstash.token
        quota_drift_repair()
        found = checks.order_by("logged").values_list("logged", "counted", "repaired")
        assert list(found) == [(50, 0, 50), (60, 0, 60)]
        checks.update(checked_at=timezone.now() - timedelta(hours=1))
        quota_drift_repair()
        assert list(found.all()) == [(50, 50, 0), (60, 60, 0)]


def test_a_crossing_is_told_once() -> None:
    customer = tenant()
    UsageLog.objects.bulk_create(
        usage_row(
            customer.api_key,
            ts=timezone.now(),
            cache_status="HIT-SEMANTIC",
            decision={"mode": "strict", "agreed": number > 3},
        )
        for number in range(10)
    )
    usage_rollup()
    semantic_alerts_due()
    semantic_alerts_due()
    bound = SemanticBound.objects.get(project=customer.project)
    assert (bound.mode, bound.exceeded, bound.crossings) == ("strict", True, 1)
