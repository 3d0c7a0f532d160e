"""Labels on PostgreSQL: found by the index, and summed as SQLite sums them."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.usage import period
from apps.usage.label_filter import has_label
from apps.usage.label_latency import label_latencies
from apps.usage.label_log import label_log
from apps.usage.models import UsageLog
from apps.usage.reports import Latency
from tests.contract.tenants import tenant
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.usefixtures("owner_database")


def test_the_requests_of_one_value_are_found_by_the_index() -> None:
    mine, other = tenant(), tenant()
    UsageLog.objects.bulk_create(
        usage_row(customer.api_key, labels=labels, cost_nanousd=7)
        for customer in (mine, other)
        for labels in ({"user": "ada"}, {"user": "grace", "ada": "user"}, None)
    )
    log = label_log(mine.project, "user", "ada", None)
    assert (log.sums.requests, log.sums.cost_nanousd, len(log.steps)) == (1, 7, 1)
    rows = UsageLog.objects.filter(has_label("user", "ada"))
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off; SET enable_indexscan = off")
        try:
            plan = rows.explain()
        finally:
            cursor.execute("RESET enable_seqscan; RESET enable_indexscan")
    assert "usage_logs_labels" in plan


def test_percentiles_of_several_values() -> None:
    mine = tenant()
    now = datetime(2026, 11, 23, 11, tzinfo=UTC)
    UsageLog.objects.bulk_create(
        usage_row(mine.api_key, labels={"user": user}, latency_ms=milliseconds)
        for user, times in (("ada", range(1, 41)), ("grace", (7,)), ("joan", (3,)))
        for milliseconds in times
    )
    shown = period.parse({"period": "24h"}, now=now, zone=UTC)
    told = label_latencies(mine.project, shown, "user", {"ada": 40, "grace": 1})
    assert told == {"ada": Latency(20, 38), "grace": Latency(7, 7)}
