"""Comparing the edge's monthly counters with the request log, and correcting them.

A counter that is too low (Redis lost data, or was away while requests were served) is raised at
once. It is normally a little high, because of requests in flight and rows not yet delivered; only
an excess that two checks in a row find has no requests behind it, and is subtracted.

The log's count comes from the hourly sums and the rows not yet in them, so that a log shortened by
its retention, or a deleted project, does not lower it.
"""

import logging
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.models import Organization
from apps.alerts.counters import CountersUnavailableError, add_to_counter, read_counters
from apps.alerts.models import QuotaCheck
from apps.usage.models import RollupState, UsageHourly, UsageLog
from apps.usage.month import month_key, month_start
from apps.usage.quota import UNCOUNTED

logger = logging.getLogger(__name__)

TOLERANCE_REQUESTS = 20
TOLERANCE_PERCENT = 1
_BETWEEN_CHECKS = timedelta(minutes=30)
_BATCH = 1_000


def quota_drift_repair() -> int:
    """Checks every organization with traffic this month; returns how many were repaired."""
    now = timezone.now()
    month = month_key(now)
    # Read before the counters, so that a request between the two reads does not look like a
    # shortfall.
    logged = _logged(month_start(now))
    before = QuotaCheck.objects.filter(month=month).in_bulk()
    due = [
        pk
        for pk in Organization.objects.filter(pk__in=logged).values_list("pk", flat=True)
        if pk not in before or now - before[pk].checked_at >= _BETWEEN_CHECKS
    ]
    try:
        counted = read_counters(due, month) if due else {}
        checks = [
            _check(pk, before.get(pk), counted=counted[pk], logged=logged[pk], now=now)
            for pk in due
        ]
    except CountersUnavailableError as error:
        logger.warning("quota counters were not checked: %s", error)
        return 0
    QuotaCheck.objects.bulk_create(
        checks,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["organization"],
        update_fields=["month", "counted", "logged", "excess", "repaired", "checked_at"],
    )
    return sum(check.repaired != 0 for check in checks)


def _logged(since: datetime) -> dict[UUID, int]:
    """Requests by organization. One statement sees the sums and their watermark at one moment,
    so that the rollup moves no row from one to the other in between.
    """
    sums = (
        UsageHourly.objects.filter(hour__gte=since)
        .values_list("organization_id")
        .annotate(total=Sum("quota_requests"))
    )
    watermark = Coalesce(Subquery(RollupState.objects.values("last_log_id")[:1]), 0)
    rows = (
        UsageLog.objects.filter(id__gt=watermark, ts__gte=since)
        .exclude(UNCOUNTED)
        .values_list("organization_id")
        .annotate(total=Count("id"))
    )
    totals: Counter[UUID] = Counter()
    for organization, total in sums.order_by().union(rows.order_by(), all=True):
        totals[organization] += total
    return totals


def _check(
    organization: UUID, before: QuotaCheck | None, *, counted: int, logged: int, now: datetime
) -> QuotaCheck:
    """Corrects the counter where needed; returns the row that records the check."""
    month = month_key(now)
    excess = counted - logged
    repair = 0
    if abs(excess) > max(TOLERANCE_REQUESTS, logged * TOLERANCE_PERCENT // 100):
        if excess < 0:
            repair = -excess
        elif before and before.excess > 0:
            repair = -min(excess, before.excess)
    if repair:
        add_to_counter(organization, month, repair)
        logger.warning("quota counter of %s repaired by %+d", organization, repair)
    return QuotaCheck(
        organization_id=organization,
        month=month,
        counted=counted,
        logged=logged,
        excess=max(0, excess + min(repair, 0)),
        repaired=repair,
        checked_at=now,
    )
