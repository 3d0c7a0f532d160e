"""What an organization's projects came to this month, and a forecast of the whole month.

The month is UTC's, which quotas and budgets count by. A forecast goes on as the month has gone so
far; in its first day it says nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.accounts.models import Organization
from apps.projects.models import Project
from apps.usage.models import UsageDaily
from apps.usage.month import month_start, next_month_start
from apps.usage.reports import SUMS, Sums, add

_TOO_EARLY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ProjectMonth:
    """``project`` is None for what archived and deleted projects used. ``forecast_nanousd``: the
    month's cost at its end, None in the first day."""

    project: Project | None
    sums: Sums
    forecast_nanousd: int | None

    @property
    def budget_percent(self) -> int | None:
        """Of the project's monthly budget, spent; None without one."""
        budget = self.project.monthly_budget_nanousd if self.project else None
        return self.sums.cost_nanousd * 100 // budget if budget else None

    @property
    def level(self) -> str:
        """The colour of the budget's meter, as a CSS class; empty below 80 %."""
        spent = self.budget_percent or 0
        return "danger" if spent >= 100 else "warn" if spent >= 80 else ""

    @property
    def over_budget(self) -> bool:
        """Whether the forecast is past the budget."""
        budget = self.project.monthly_budget_nanousd if self.project else None
        return bool(budget and self.forecast_nanousd and self.forecast_nanousd > budget)


@dataclass(frozen=True, slots=True)
class OrganizationMonth:
    """``projects``: dearest first. ``forecast_requests``: those that count against the quota."""

    start: datetime
    projects: list[ProjectMonth]
    total: Sums
    forecast_nanousd: int | None
    forecast_requests: int | None


def organization_month(
    organization: Organization, now: datetime, *, quota_requests: int
) -> OrganizationMonth:
    """Two queries. ``quota_requests``: this month's so far, as ``requests_this_month`` counts."""
    start = month_start(now)
    rows = (
        UsageDaily.objects.filter(organization=organization, day__gte=start)
        .values_list("project_id")
        .annotate(**SUMS)
        .order_by()
    )
    found: dict[UUID, Sums] = {project_id: Sums(*sums) for project_id, *sums in rows}
    live = Project.objects.filter(organization=organization, archived_at=None)
    months = [_month(project, found.pop(project.pk, Sums()), start, now) for project in live]
    months.sort(key=lambda month: (-month.sums.cost_nanousd, -month.sums.requests))
    gone = add(found.values())
    if gone.requests:
        months.append(_month(None, gone, start, now))
    total = add(month.sums for month in months)
    return OrganizationMonth(
        start=start,
        projects=months,
        total=total,
        forecast_nanousd=forecast(total.cost_nanousd, start, now),
        forecast_requests=forecast(quota_requests, start, now),
    )


def forecast(so_far: int, start: datetime, now: datetime) -> int | None:
    """The month's sum at its end if it goes on like this; None in its first day."""
    passed = now - start
    if passed < _TOO_EARLY:
        return None
    whole = next_month_start(now) - start
    return so_far * int(whole.total_seconds()) // int(passed.total_seconds())


def _month(project: Project | None, sums: Sums, start: datetime, now: datetime) -> ProjectMonth:
    return ProjectMonth(project, sums, forecast(sums.cost_nanousd, start, now))
