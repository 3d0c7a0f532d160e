"""Holding the edge's monthly counters and the request log together.

The counter can be lower (Redis lost data, or was away while requests were served) and is raised at
once. It is higher while requests are in flight and rows are under way; what two checks in a row
find too much was counted for requests that are nowhere, and is taken off.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import Organization
from apps.alerts.counters import CountersUnavailableError, add_to_counter, read_counters
from apps.alerts.models import QuotaCheck
from apps.projects.models import Project
from apps.usage.models import UsageHourly, UsageLog
from apps.usage.month import month_key, month_start

logger = logging.getLogger(__name__)

TOLERANCE_REQUESTS = 20
TOLERANCE_PERCENT = 1
_BETWEEN_CHECKS = timedelta(minutes=30)

# The edge refuses these before it counts; a provider's own 429 was counted, and took time upstream.
_REFUSED = Q(
    upstream_ms=None,
    error_code__in=[
        "rate_limit_exceeded",
        "quota_exceeded",
        "invalid_request",
        "invalid_json",
        "invalid_header",
        "request_too_large",
        "unknown_url",
        "method_not_allowed",
    ],
)


def quota_drift_repair() -> int:
    """Checks every organization with traffic this month; returns how many were repaired."""
    now = timezone.now()
    month = month_key(now)
    active = list(
        UsageHourly.objects.filter(hour__gte=month_start(now))
        .values_list("organization_id", flat=True)
        .distinct()
    )
    try:
        logged = {pk: _logged(pk, now) for pk in active}
        counted = read_counters(active, month)
        existing = Organization.objects.filter(pk__in=active).values_list("pk", flat=True)
        return sum(_check(pk, month, counted[pk], logged[pk], now) for pk in existing)
    except CountersUnavailableError as error:
        logger.warning("quota counters were not checked: %s", error)
        return 0


def _logged(organization: UUID, now: datetime) -> int:
    """Read before the counter, so that a request between the two reads is no shortfall."""
    projects: Iterable[UUID] = Project.objects.filter(organization=organization).values_list(
        "pk", flat=True
    )
    rows = UsageLog.objects.filter(project_id__in=list(projects), ts__gte=month_start(now))
    return rows.exclude(_REFUSED).count()


def _check(organization: UUID, month: str, counted: int, logged: int, now: datetime) -> bool:
    before = QuotaCheck.objects.filter(organization=organization, month=month).first()
    if before and now - before.checked_at < _BETWEEN_CHECKS:
        return False
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
    QuotaCheck.objects.update_or_create(
        organization_id=organization,
        defaults={
            "month": month,
            "counted": counted,
            "logged": logged,
            "excess": max(0, excess + min(repair, 0)),
            "repaired": repair,
            "checked_at": now,
        },
    )
    return bool(repair)
