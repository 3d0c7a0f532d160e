"""What one label value has spent of its budget, where its project limits the label.

From the hourly sums, as all pages; the edge counts in Redis. They differ for values that came when
the project's bound was reached: at the edge these share one account.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from apps.projects.models import Project
from apps.usage.models import LabelHourly
from apps.usage.month import month_start

LISTED = 50
"""Values that ``largest_spenders`` returns at most."""


@dataclass(frozen=True, slots=True)
class LabelStanding:
    """The limits of one value, and what it spent since ``start``. ``spent_nanousd`` is None where
    no sums of the label are kept."""

    requests_per_minute: int | None
    budget_nanousd: int | None
    period: str
    start: datetime
    spent_nanousd: int | None

    @property
    def percent(self) -> int | None:
        """Of the budget; None without one, or where the sum is unknown."""
        if not self.budget_nanousd or self.spent_nanousd is None:
            return None
        return self.spent_nanousd * 100 // self.budget_nanousd

    @property
    def level(self) -> str:
        """As a meter shows it."""
        spent = self.percent or 0
        return "danger" if spent >= 100 else "warn" if spent >= 80 else ""


def label_standing(project: Project, name: str, value: str, now: datetime) -> LabelStanding | None:
    """None where the project does not limit this label. One query."""
    limits = project.label_limits
    if not limits or limits["label"] != name:
        return None
    start = period_start(limits["period"], now)
    spent = None
    if name in project.charted_labels:
        rows = LabelHourly.objects.filter(project=project, name=name, value=value, hour__gte=start)
        spent = rows.aggregate(spent=Sum("cost_nanousd", default=0))["spent"]
    return LabelStanding(
        limits["requests_per_minute"], limits["budget_nanousd"], limits["period"], start, spent
    )


def largest_spenders(project: Project, now: datetime) -> Iterable[tuple[str, int]]:
    """Values of the limited label and what each spent in its period, dearest first. One query, or
    none where no label is limited."""
    limits = project.label_limits
    if not limits:
        return ()
    return (
        LabelHourly.objects.filter(
            project=project,
            name=limits["label"],
            hour__gte=period_start(limits["period"], now),
        )
        .values_list("value")
        .annotate(spent=Sum("cost_nanousd"))
        .order_by("-spent", "value")[:LISTED]
    )


def period_start(period: str, now: datetime) -> datetime:
    """When the day or month of budgets began, in UTC."""
    start = month_start(now)
    return start.replace(day=now.astimezone(start.tzinfo).day) if period == "day" else start
