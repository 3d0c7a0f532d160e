"""The calendar month in UTC, which quotas and budgets count by, as the edge does."""

from datetime import UTC, datetime

from django.db.models import Sum

from apps.accounts.models import Organization
from apps.usage.models import UsageDaily


def month_start(now: datetime) -> datetime:
    """The first instant of ``now``'s month."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month_start(now: datetime) -> datetime:
    """The first instant of the month after ``now``'s."""
    year, month = divmod(now.astimezone(UTC).year * 12 + now.astimezone(UTC).month, 12)
    return month_start(now).replace(year=year, month=month + 1)


def month_key(now: datetime) -> str:
    """``YYYYMM``, as in Redis keys."""
    return f"{now.astimezone(UTC):%Y%m}"


def requests_this_month(organization: Organization, now: datetime) -> int:
    """Those that count against the quota, from the daily sums: one query."""
    total: int = UsageDaily.objects.filter(
        organization=organization, day__gte=month_start(now)
    ).aggregate(total=Sum("quota_requests", default=0))["total"]
    return total
