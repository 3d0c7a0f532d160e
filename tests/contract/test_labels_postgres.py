"""Labels on PostgreSQL: found by the index, and summed as SQLite sums them."""

import pytest
from django.db import connection

from apps.usage.label_filter import has_label
from apps.usage.label_log import label_log
from apps.usage.models import UsageLog
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
