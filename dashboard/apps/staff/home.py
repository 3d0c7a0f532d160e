"""The staff home: the business at a glance, from the hourly sums and small tables."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, Sum
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.models import Organization, User
from apps.audit.models import AuditLog
from apps.projects.models import ApiKey, Project
from apps.usage.models import UsageHourly
from shared import usage_events

_HITS = Q(
    cache_status__in=[usage_events.HIT, usage_events.HIT_SEMANTIC, usage_events.HIT_COALESCED]
)


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day's sums; ``hit_percent`` is None without requests."""

    requests: int
    hits: int
    errors: int
    saved_usd: float

    @property
    def hit_percent(self) -> float | None:
        return 100 * self.hits / self.requests if self.requests else None


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's DASHBOARD_CALLBACK: adds what ``templates/admin/index.html`` shows."""
    del request
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    live = ApiKey.objects.filter(revoked_at=None)
    context |= {
        "counts": [
            (
                "Organizations",
                Organization.objects.count(),
                "admin:accounts_organization_changelist",
            ),
            (
                "Projects",
                Project.objects.filter(archived_at=None).count(),
                "admin:projects_project_changelist",
            ),
            ("Live API keys", live.count(), "admin:projects_apikey_changelist"),
            ("People", User.objects.count(), "admin:accounts_user_changelist"),
        ],
        "today": day_of(today),
        "yesterday": day_of(today - timedelta(days=1)),
        "busiest": list(
            UsageHourly.objects.filter(hour__gte=today)
            .values("organization_id", "organization__name")
            .annotate(total=Sum("requests"), hits=Sum("requests", filter=_HITS, default=0))
            .order_by("-total")[:5]
        ),
        "changes": list(AuditLog.objects.order_by("-id")[:8]),
    }
    return context


def day_of(start: Any) -> Day:
    """Sums of the 24 hours from ``start``, over all organizations."""
    sums = UsageHourly.objects.filter(
        hour__gte=start, hour__lt=start + timedelta(days=1)
    ).aggregate(
        total=Sum("requests", default=0),
        hits=Sum("requests", filter=_HITS, default=0),
        failed=Sum("errors", default=0),
        saved=Sum("saved_nanousd", default=0),
    )
    return Day(sums["total"], sums["hits"], sums["failed"], sums["saved"] / 1e9)
