"""Alerts for an hour far above the week before.

The last full hour is compared with the most expensive hour (and the one with the most errors) of
the seven days before it. Three times that, and more than a minimum, makes an alert; at most one a
day.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min, Sum
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Organization, Role
from apps.alerts.services.once import first_time
from apps.alerts.services.quota import dollars
from apps.emails import links
from apps.emails.messages import usage
from apps.emails.services.outbox import emails_enqueue_for
from apps.usage.models import UsageHourly

FACTOR = 3
LEAST_NANOUSD = 1_000_000_000  # $1 in the hour
LEAST_ERRORS = 20
_WEEK = timedelta(days=7)
_KNOWN_FOR = timedelta(days=2)


def anomaly_alerts_due() -> int:
    """Returns how many alerts were written."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    busy = (
        UsageHourly.objects.filter(hour=hour)
        .values("organization_id")
        .annotate(cost=Sum("cost_nanousd"), errors=Sum("errors"))
    )
    candidates = {
        row["organization_id"]: (row["cost"], row["errors"])
        for row in busy
        if row["cost"] >= LEAST_NANOUSD or row["errors"] >= LEAST_ERRORS
    }
    organizations = Organization.objects.filter(pk__in=candidates)
    return sum(_check(found, hour, *candidates[found.pk]) for found in organizations)


def _check(organization: Organization, hour: datetime, cost: int, errors: int) -> int:
    week = UsageHourly.objects.filter(
        organization=organization, hour__gte=hour - _WEEK, hour__lt=hour
    )
    first = week.aggregate(first=Min("hour"))["first"]
    if first is None or hour - first < _KNOWN_FOR:
        return 0  # nobody knows yet what is usual
    hours = week.values("hour").annotate(cost=Sum("cost_nanousd"), errors=Sum("errors"))
    usual = hours.aggregate(most_cost=Max("cost"), most_errors=Max("errors"))
    told = 0
    if cost >= LEAST_NANOUSD and cost > FACTOR * usual["most_cost"]:
        told += _tell(organization, hour, "spend", dollars(cost), dollars(usual["most_cost"]))
    if errors >= LEAST_ERRORS and errors > FACTOR * usual["most_errors"]:
        told += _tell(organization, hour, "errors", f"{errors:,}", f"{usual['most_errors']:,}")
    return told


def _tell(organization: Organization, hour: datetime, what: str, now: str, usual: str) -> bool:
    key = f"anomaly:{what}:{hour:%Y%m%d}"
    with transaction.atomic():
        if not first_time(organization, key):
            return False
        content = usage.anomaly(
            organization=organization.name,
            what=what,
            now=now,
            usual=usual,
            hour=f"{hour.day} {hour:%B %Y, %H:%M} UTC",
            usage_url=links.absolute(reverse("app_home")),
        )
        emails_enqueue_for(
            organization=organization,
            roles=(Role.OWNER, Role.ADMIN),
            content=content,
            dedupe_key=f"{key}:{organization.pk}",
        )
    return True
