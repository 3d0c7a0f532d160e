"""The rollup on PostgreSQL: its SQL, and rows that are still being inserted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import OperationalError

from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from tests.contract import postgres
from tests.contract.tenants import tenant
from tests.dashboard.usage_rows import (
    recount,
    rolled_up,
    rows_at_the_bounds_are_counted,
    usage_row,
)

pytestmark = pytest.mark.usefixtures("owner_database")


def test_the_sums_equal_a_recount() -> None:
    keys = [tenant().api_key, tenant().api_key]
    start = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    for times in (1, 2):
        UsageLog.objects.bulk_create(
            usage_row(
                keys[number % 2],
                ts=start + timedelta(minutes=7 * number / times),
                cache_status=("HIT-SEMANTIC", "MISS", "BYPASS")[number % 3],
                decision=(None, {"mode": "strict", "agreed": True}, {"mode": "", "agreed": False})[
                    number // 3 % 3
                ],
                error_code=(None, "quota_exceeded")[number % 2],
                model=(None, "gpt-4o", "m" * 5000)[number % 3],
                status=(200, 502)[number % 2],
                labels=(None, {"user": "ada", "env": "x"}, {"app": "y", "user": "eve"})[number % 3],
                prompt_tokens=number,
                cost_nanousd=None if number % 5 == 0 else number * 10**11,
                latency_ms=number * 37,
            )
            for number in range(40)
        )
        for _ in range(times):
            usage_rollup(batch_rows=7)
    assert rolled_up() == recount()


def test_no_tenants_money_stops_the_sums_of_another() -> None:
    rows_at_the_bounds_are_counted(tenant().api_key, tenant().api_key)


def test_a_row_that_commits_late_is_not_lost(postgres_cluster: postgres.Cluster) -> None:
    """Its id is smaller than that of a row which is already visible."""
    customer = tenant()
    usage_rollup()
    with psycopg.connect(
        host=str(postgres_cluster.socket_dir), dbname="dashboard", user="owner"
    ) as slow:
        _insert(slow, customer.row("slow"))
        usage_row(customer.api_key, request_id="fast").save()
        ids = list(
            UsageLog.objects.filter(project=customer.project).values_list("request_id", flat=True)
        )
        assert ids == ["fast"]
        # It waits for the open insert rather than step over it, and gives up for this time.
        with pytest.raises(OperationalError, match="lock timeout"):
            usage_rollup(lock_timeout_ms=50)
        slow.commit()
    usage_rollup()
    assert rolled_up() == recount()


def _insert(connection: psycopg.Connection[Any], row: dict[str, Any]) -> None:
    kept = {name: value for name, value in row.items() if value is not None}
    connection.execute(
        f"INSERT INTO usage_logs ({', '.join(kept)}) VALUES ({', '.join(['%s'] * len(kept))})",  # type: ignore[arg-type]  # noqa: S608
        list(kept.values()),
    )
