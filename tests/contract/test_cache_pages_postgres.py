"""The cache pages' queries on PostgreSQL: what they find, and that each has an index of its own."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.cache.models import SemanticEvidence
from apps.cache.selectors.namespaces import quality
from apps.cache.selectors.pairs import LISTS, pair_page
from apps.cache.selectors.top_entries import top_entries
from apps.cache.services.evidence import evidence_count
from apps.usage import period
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from tests.contract.tenants import Tenant, tenant
from tests.dashboard.cache.test_evidence import semantic_row
from tests.dashboard.usage_rows import usage_row

NOW = timezone.now()


pytestmark = pytest.mark.usefixtures("owner_database")


@pytest.fixture
def customer(owner_database: None) -> Tenant:
    """A tenant with one row of each kind."""
    made = tenant()
    key = made.api_key
    UsageLog.objects.bulk_create(
        [
            semantic_row(key, ts=NOW),
            semantic_row(key, ts=NOW, agreed=True),
            semantic_row(key, ts=NOW, agreed=False),
            semantic_row(key, ts=NOW, agreed=True, cache_status="MISS"),
            usage_row(key, ts=NOW - timedelta(hours=2), cache_status="HIT", cache_key="c" * 64),
            usage_row(key, ts=NOW, cache_status="HIT", model="m" * 5000, cache_key="d" * 64),
            usage_row(key, ts=NOW, cache_status="MISS", decision={"eligible": False}),
        ]
    )
    return made


def plans(run: Any) -> list[str]:
    """How PostgreSQL does what ``run`` asks of the log when it may not read all of a project's.

    A few rows are read in any way; so the ways that cost with the log's size are taken from it.
    """
    with CaptureQueriesContext(connection) as captured:
        run()
    asked = [one["sql"] for one in captured if 'FROM "usage_logs"' in one["sql"]]
    found = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("DROP INDEX usage_logs_project_ts")
        for sql in asked:
            cursor.execute(f"EXPLAIN {sql}")
            found.append("\n".join(line for (line,) in cursor.fetchall()))
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize(
    ("which", "count", "index"),
    [
        ("hits", 3, "usage_logs_semantic"),
        ("checks", 2, "usage_logs_checked"),
        ("differed", 1, "usage_logs_checked"),
        ("near", 1, "usage_logs_near"),
    ],
)
def test_each_list_is_read_from_its_own_rows(
    customer: Tenant, which: str, count: int, index: str
) -> None:
    assert set(LISTS) == {"hits", "checks", "differed", "near"}
    assert len(pair_page(customer.project, which, None).pairs) == count
    (plan,) = plans(lambda: pair_page(customer.project, which, None))
    # A check is a hit, too: which of the two indexes is the smaller one is the planner's to say.
    fitting = {index, "usage_logs_semantic"} if which != "near" else {index}
    assert any(name in plan for name in fitting), plan
    assert "Seq Scan" not in plan


def test_the_most_used_entries_are_counted_in_an_index(customer: Tenant) -> None:
    shown = period.parse({"period": "24h"}, now=timezone.now(), zone=ZoneInfo("UTC"))
    top = top_entries(customer.project, shown)
    assert [(one.cache_key[0], one.hits) for one in top] == [("c", 4), ("d", 1)]
    first, second = plans(lambda: top_entries(customer.project, shown))
    assert "usage_logs_hits" in first
    assert "usage_logs_hits" in second


def test_evidence_is_counted(customer: Tenant) -> None:
    usage_rollup()
    evidence_count()
    (row,) = SemanticEvidence.objects.filter(project=customer.project)
    assert (row.served, row.checked, row.wrong) == (3, 3, 1)
    found = quality(customer.project)
    assert (found.served, found.checked, found.wrong) == (3, 3, 1)
    assert evidence_count() == 0
