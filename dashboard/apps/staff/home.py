"""The staff home: the business at a glance, from the hourly sums and small tables."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.models import Organization, User
from apps.audit.models import AuditLog
from apps.billing.models import Invoice, Subscription
from apps.projects.models import ApiKey, Project
from apps.usage.models import UsageHourly
from shared.usage_events import HITS, REFUSED

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day's sums; ``hit_percent`` is None without a request that was not refused."""

    requests: int
    hits: int
    refused: int
    errors: int
    saved_nanousd: int

    @property
    def hit_percent(self) -> float | None:
        accepted = self.requests - self.refused
        return 100 * self.hits / accepted if accepted else None


@dataclass(frozen=True, slots=True)
class Business:
    """Money in US cents. ``monthly`` is what active subscriptions are priced at together, trials
    and overdue ones not; ``received`` what came in since the first of the month (UTC), less what
    was paid back of it.
    """

    monthly: int
    paying: int
    trials: int
    overdue: int
    received: int


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's DASHBOARD_CALLBACK: adds what ``templates/admin/index.html`` shows."""
    del request
    now = timezone.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    live = ApiKey.objects.filter(revoked_at=None)
    organizations = Organization.objects.aggregate(
        every=Count("pk"), new=Count("pk", filter=Q(created_at__gte=now - _WEEK))
    )
    context |= {
        "business": business(month=today.replace(day=1)),
        "new_organizations": organizations["new"],
        "counts": [
            ("Organizations", organizations["every"], "admin:accounts_organization_changelist"),
            (
                "Projects",
                Project.objects.filter(archived_at=None).count(),
                "admin:projects_project_changelist",
            ),
            ("Live API keys", live.count(), "admin:projects_apikey_changelist"),
            ("People", User.objects.count(), "admin:accounts_user_changelist"),
        ],
        **dict(zip(("today", "yesterday"), two_days(today), strict=True)),
        "busiest": list(
            UsageHourly.objects.filter(hour__gte=today)
            .values("organization_id", "organization__name")
            .annotate(
                total=Sum("requests"),
                hits=Sum("requests", filter=Q(cache_status__in=HITS), default=0),
            )
            .order_by("-total")[:5]
        ),
        "changes": list(AuditLog.objects.order_by("-id")[:8]),
    }
    return context


def business(*, month: datetime) -> Business:
    """Two queries, over the copies of Stripe's subscriptions and invoices."""
    states = {
        status: (count, cents)
        for status, count, cents in Subscription.objects.filter(ended_at=None)
        .values_list("status")
        .annotate(Count("pk"), Sum("plan__price_cents"))
    }
    paying, monthly = states.get("active", (0, 0))
    received = Invoice.objects.filter(paid_at__gte=month).aggregate(
        sum=Sum(F("amount_paid") - F("amount_refunded"), default=0)
    )
    return Business(
        monthly=monthly,
        paying=paying,
        trials=states.get("trialing", (0, 0))[0],
        overdue=sum(states.get(status, (0, 0))[0] for status in ("past_due", "unpaid")),
        received=received["sum"],
    )


def two_days(today: datetime) -> tuple[Day, Day]:
    """Sums of the day that begins with ``today`` and of the one before, over all organizations."""
    spans = {"today": Q(hour__gte=today), "before": Q(hour__lt=today)}
    sums = UsageHourly.objects.filter(
        hour__gte=today - timedelta(days=1), hour__lt=today + timedelta(days=1)
    ).aggregate(
        **{
            f"{day}_{name}": Sum(column, filter=span & only, default=0)
            for day, span in spans.items()
            for name, column, only in (
                ("requests", "requests", Q()),
                ("hits", "requests", Q(cache_status__in=HITS)),
                ("refused", "requests", Q(cache_status=REFUSED)),
                ("errors", "errors", Q()),
                ("saved", "saved_nanousd", Q()),
            )
        }
    )
    now, before = (
        Day(
            sums[f"{day}_requests"],
            sums[f"{day}_hits"],
            sums[f"{day}_refused"],
            sums[f"{day}_errors"],
            sums[f"{day}_saved"],
        )
        for day in spans
    )
    return now, before
