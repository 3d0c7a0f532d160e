"""Days that begin within an hour, on PostgreSQL: the same sums as a count of the log."""

from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from apps.usage import period, reports
from apps.usage.edges import log_begins
from apps.usage.filters import Filters
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from tests.contract.tenants import tenant
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.usefixtures("owner_database")
NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_sums_of_days_that_begin_within_an_hour() -> None:
    mine = tenant()
    UsageLog.objects.bulk_create(
        usage_row(
            mine.api_key,
            ts=NOW - timedelta(minutes=17 * number),
            cost_nanousd=number,
            model=None if number % 3 else "gpt-4o",
            latency_ms=number,
        )
        for number in range(800)
    )
    usage_rollup()
    shown = period.parse(
        {"period": "7d"},
        now=NOW,
        zone=ZoneInfo("Asia/Kathmandu"),
        log_begins=partial(log_begins, mine.project),
    )
    assert shown.start.minute == 15
    logs = list(UsageLog.objects.filter(project=mine.project))
    inside = [log for log in logs if shown.start <= log.ts < shown.end]
    found = reports.breakdown(mine.project, shown, Filters(), "model")
    for position, (start, end) in enumerate(zip(shown.edges, shown.edges[1:], strict=False)):
        cost = reports.add(found.cells[position].values()).cost_nanousd
        assert cost == sum(log.cost_nanousd or 0 for log in inside if start <= log.ts < end)
    span = (shown.start, shown.end)
    assert reports.totals(mine.project, span, Filters(), "model") == found.totals
    assert reports.choices(mine.project, shown)["model"] == ["", "gpt-4o"]
    exported = list(reports.hourly_rows(mine.project, shown, Filters()))
    assert sum(row.requests for row in exported) == len(inside)
    assert reports.latency(mine.project, shown)["miss"].p50 is not None
